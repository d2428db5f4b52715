#include "unit/net/binding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net/listener.h"

struct address binding_loopback(uint16_t port)
{
	struct address address;

	assert_int_equal(address_parse(SPAN("127.0.0.1:1"), &address), OK);
	address.port = port;
	return address;
}

int binding_expect(const struct address *address, bool first, int system_error)
{
	int fd = -1;
	int error = 0;

	assert_int_equal(listener_bind(address, first, &fd, &error), system_error ? ERROR_SYSTEM : OK);
	assert_int_equal(error, system_error);
	assert_true((fd >= 0) == (system_error == 0));
	return fd;
}

int binding_somewhere(struct address *address)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);

	address->port = 0;

	int fd = binding_expect(address, true, 0);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&storage, &size), 0);
	assert_int_equal(address_from_socket((struct sockaddr *)&storage, size, address), OK);
	return fd;
}
