/*
 * service: a port by its number or its name (RFC 6335 5.1).
 */
#ifndef TRANSPORT_SERVICE_H
#define TRANSPORT_SERVICE_H

/* The port's number, 0 if `service` is neither a port from 1 to 65535 nor a
 * name: one of those of mail, in capitals or not, or one of the system's. */
unsigned service_port(const char *service);

#endif
