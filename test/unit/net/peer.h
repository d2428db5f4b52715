/* The other end of a connection, as plain blocking sockets. */
#ifndef SALLYPORT_TEST_NET_PEER_H
#define SALLYPORT_TEST_NET_PEER_H

#include <stddef.h>

#include "base/address.h"

/* A listening socket on the loopback, its port chosen by the kernel. */
int peer_listen(struct address *ret_address);
/* An address that refuses: bound, so that nobody else gets it, but nobody listens. */
int peer_refuse(struct address *ret_address);
/* The path for a unix socket in a fresh folder. */
void peer_unix_address(struct address *ret_address);
/* Removes the socket's file and its folder. */
void peer_unix_remove(const struct address *address);
int peer_listen_unix(const struct address *address);

int peer_accept(int listening);
int peer_connect(const struct address *address);
/* True if a connection waits at the listening socket. */
_Bool peer_is_asked(int listening);

void peer_send(int fd, const char *text);
/* Reads exactly this text. */
void peer_expect(int fd, const char *text);
/* Nothing but the end comes. */
void peer_expect_end(int fd);
void peer_expect_reset(int fd);
/* Closes with a reset. */
void peer_reset(int fd);

#endif
