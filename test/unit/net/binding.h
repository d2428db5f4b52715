/* Binding sockets for tests, through net/listener.h. */
#ifndef SALLYPORT_TEST_NET_BINDING_H
#define SALLYPORT_TEST_NET_BINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

struct address binding_loopback(uint16_t port);
/* Binds; asserts that it succeeds (system_error 0), or fails with that errno and gives -1. */
int binding_expect(const struct address *address, bool first, int system_error);
/* Binds to a port of the kernel's choice, which the address then has. */
int binding_somewhere(struct address *address);

#endif
