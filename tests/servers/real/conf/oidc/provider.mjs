// oidc-provider as an authorisation server: a public client "smtpsend", which may use
// any loopback redirect (RFC 8252), "brief", the same with tokens that are good for three
// seconds, and "resource", the server of mail, which asks about tokens (RFC 7662).
// Refresh tokens are replaced at each use.  Whoever signs in is who he says.
import fs from 'node:fs';
import https from 'node:https';
import Provider from 'oidc-provider';

const port = @OIDC_HTTPS@;
const pki = '@REAL_PKI@';
const native = {
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  redirect_uris: ['http://127.0.0.1/', 'http://[::1]/', 'http://localhost/'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
};

const provider = new Provider(`https://localhost:${port}`, {
  clients: [
    { client_id: 'smtpsend', ...native },
    { client_id: 'brief', ...native },
    {
      client_id: 'resource',
      client_secret: 'mail',
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [],
      response_types: [],
      grant_types: [],
    },
  ],
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  extraTokenClaims: async (ctx, token) => ({ username: token.accountId }),
  scopes: ['openid', 'offline_access', 'smtp'],
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    registration: { enabled: true },
    revocation: { enabled: true },
  },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  ttl: {
    AccessToken: (ctx, token, client) => (client.clientId === 'brief' ? 3 : 3600),
    AuthorizationCode: 60, DeviceCode: 600, Grant: 86400, IdToken: 600, Interaction: 600,
    RefreshToken: 86400, Session: 600,
  },
  cookies: { keys: ['of these tests'] },
});

// What it says no to, for real_log.
for (const event of ['authorization.error', 'grant.error', 'device_authorization.error',
  'introspection.error', 'registration_create.error', 'revocation.error', 'server_error'])
  provider.on(event, (ctx, error) => console.log(event, error.message, error.error_description || '', error.error_detail || ''));
// And what it gave and took back.
for (const event of ['access_token.issued', 'refresh_token.consumed', 'grant.revoked', 'registration_create.success'])
  provider.on(event, () => console.log(event));

const options = { key: fs.readFileSync(`${pki}/good.key`), cert: fs.readFileSync(`${pki}/good.pem`) };
for (const host of ['127.0.0.1', '@LOOPBACK6@'].filter(Boolean))
  https.createServer(options, provider.callback()).listen(port, host);
