"""A message as Python's email package reads it."""

import email
import email.header
import email.policy
import email.utils

ADDRESSES = ('from', 'sender', 'reply-to', 'to', 'cc')


def value_of(name, raw):
    """The decoded header, whose text may be UTF-8 (RFC 6532)."""
    text = raw.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
    return email.policy.default.header_factory(
        name, text.replace('\r', '').replace('\n', ''))


def addresses_of(value):
    """Display names and addresses.  By the older functions: the newer ones leave
    the white space between two encoded words in a name."""
    text = value.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
    return [[plain(str(email.header.make_header(email.header.decode_header(name)))), address]
            for name, address in email.utils.getaddresses([plain(text)]) if address]


def plain(text):
    """Without folding, and with one space for several."""
    return ' '.join(text.split())


def read_parts(part, path, out, defects):
    """A part and all in it."""
    defects += [f'part {path}: {defect!r}' for defect in part.defects]
    for name, raw in part.raw_items():
        defects += [f'part {path}: {name}: {defect!r}'
                    for defect in value_of(name, raw).defects]
    filename = part.get_filename()
    charset = part.get_content_charset()
    # A name by RFC 2047 is against the rules, and the package decodes it.
    # It takes the groups of a delivery report for messages: a part for others.
    report = part.get_content_type() == 'message/delivery-status'
    content = None if part.is_multipart() else part.get_payload(decode=True)
    out.append({
        'path': path,
        'type': part.get_content_type(),
        'charset': charset.lower() if charset else None,
        'disposition': part.get_content_disposition(),
        'filename': str(filename) if filename is not None else None,
        'content_id': str(part['content-id']).strip('<> ') if part['content-id'] else None,
        'content': content,
    })
    if part.is_multipart() and not report:
        for number, inner in enumerate(part.get_payload(), 1):
            # Defects of a message that is forwarded are not ours.
            forwarded = part.get_content_maintype() == 'message'
            read_parts(inner, f'{path}.{number}', out, [] if forwarded else defects)


def read(data):
    """Header, addresses, parts (a flat list) and defects."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    defects, parts = [], []
    header = [(name, value_of(name, raw)) for name, raw in message.raw_items()]
    read_parts(message, '0', parts, defects)
    addresses = {}
    for name, raw in message.raw_items():
        if name.lower() in ADDRESSES:
            addresses.setdefault(name.lower(), []).extend(addresses_of(raw))
    return {'header': [(name, str(value)) for name, value in header],
            'addresses': addresses, 'parts': parts, 'defects': defects}
