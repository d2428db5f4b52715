#include "session/acme.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/exchange.h"
#include "session/reply.h"

static const struct span prefix = SPAN_INIT("/.well-known/acme-challenge/");

static const struct config_acme_challenge *config_of(const struct exchange *exchange)
{
	return exchange->session->listener->config->acme_challenge;
}

static struct span token_of(const struct exchange *exchange)
{
	return span_from(exchange->request.path_query, prefix.size);
}

bool acme_takes(const struct exchange *exchange)
{
	const struct message *request = &exchange->request;

	return config_of(exchange) &&
	       (request->method == METHOD_GET || request->method == METHOD_HEAD) &&
	       span_starts_with(request->path_query, prefix);
}

static bool is_base64url(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

enum error acme_check(const struct exchange *exchange)
{
	struct span token = token_of(exchange);

	if (token.size == 0 || token.size > ACME_TOKEN_SIZE_MAX)
		return ERROR_ACME_TOKEN_UNKNOWN;
	for (size_t i = 0; i < token.size; i++)
		if (!is_base64url(token.data[i]))
			return ERROR_ACME_TOKEN_UNKNOWN;
	return OK;
}

static enum error read_whole(int fd, struct arena *arena, struct span *ret_content)
{
	char *bytes = arena_bytes(arena, ACME_ANSWER_SIZE_MAX + 1);
	size_t size = 0;
	struct stat facts;
	ssize_t got;

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	if (fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode))
		return ERROR_ACME_ANSWER_UNREADABLE;
	do {
		got = read(fd, bytes + size, ACME_ANSWER_SIZE_MAX + 1 - size);
		size += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && size <= ACME_ANSWER_SIZE_MAX) || (got < 0 && errno == EINTR));
	if (got < 0 || size > ACME_ANSWER_SIZE_MAX)
		return ERROR_ACME_ANSWER_UNREADABLE;
	*ret_content = span_of(bytes, size);
	return OK;
}

static enum error open_answer(struct exchange *exchange, int *ret_fd)
{
	struct span folder = config_of(exchange)->directory.text;
	struct span token = token_of(exchange);
	char *path = arena_bytes(&exchange->arena, folder.size + 1 + token.size + 1);

	if (!path)
		return ERROR_OUT_OF_MEMORY;
	memcpy(path, folder.data, folder.size);
	path[folder.size] = '/';
	memcpy(path + folder.size + 1, token.data, token.size);
	path[folder.size + 1 + token.size] = '\0';
	/* Whatever may lie there: it must not keep us waiting. */
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (*ret_fd >= 0)
		return OK;
	return errno == ENOENT ? ERROR_ACME_TOKEN_UNKNOWN : ERROR_ACME_ANSWER_UNREADABLE;
}

enum error acme_answer(struct exchange *exchange)
{
	struct reply reply = {.status = 200, .has_content = true, .content_type = SPAN("text/plain")};
	int fd = -1;
	enum error error = open_answer(exchange, &fd);

	if (error)
		return error;
	error = read_whole(fd, &exchange->arena, &reply.content);
	(void)close(fd);
	if (!error)
		exchange_reply(exchange, &reply);
	return error;
}
