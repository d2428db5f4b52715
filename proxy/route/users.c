#include "route/users.h"

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/memory.h"
#include "password/password.h"

enum { ARENA_MAX = 8 << 20, PATH_SIZE = 256 };

struct users {
	struct arena arena;
	struct user *users;
	size_t count;
	size_t capacity;
};

static enum error add(struct users *users, struct span name, struct span hash)
{
	struct user user;

	if (users->count == users->capacity) {
		size_t capacity = users->capacity > 0 ? 2 * users->capacity : 16;
		struct user *grown = memory_resize(users->users, capacity, sizeof(*grown));

		if (!grown)
			return ERROR_OUT_OF_MEMORY;
		users->users = grown;
		users->capacity = capacity;
	}

	enum error error = arena_copy(&users->arena, name, &user.name);

	if (!error)
		error = arena_copy(&users->arena, hash, &user.hash);
	if (!error)
		users->users[users->count++] = user;
	return error;
}

static enum error add_configured(struct users *users, const struct config_user *user,
                                 const char *path, struct diagnostics *diagnostics)
{
	const char *problem;
	char key[PATH_SIZE];

	if (!user->hash.text.data || !user->name.text.data)
		return OK; /* told already */
	problem = password_hash_problem(user->hash.text);
	if (!problem)
		return add(users, user->name.text, user->hash.text);
	(void)snprintf(key, sizeof(key), "%s.users.%s", path, user->name.text.data);
	diagnostics_error(diagnostics, user->hash.place, key, "this is not the hash of a password: %s",
	                  problem);
	return OK;
}

static const char *line_problem(struct span name, struct span line, struct span hash)
{
	if (name.size == line.size)
		return "expected NAME:HASH";
	if (name.size == 0)
		return "the name is missing";
	return password_hash_problem(hash);
}

static enum error add_line(struct users *users, struct span line, unsigned number,
                           const struct config_text *file, const char *path,
                           struct diagnostics *diagnostics)
{
	struct span name = span_cut(line, 0, span_find(line, ':'));
	struct span hash = span_from(line, name.size + 1);
	const char *problem;
	char key[PATH_SIZE];

	hash = span_cut(hash, 0, span_find(hash, ':'));
	problem = line_problem(name, line, hash);
	if (!problem && users->count >= USERS_MAX)
		problem = "there can be 10000 users";
	if (!problem)
		return add(users, name, hash);
	(void)snprintf(key, sizeof(key), "%s.users_file", path);
	diagnostics_error(diagnostics, file->place, key, "%s, line %u: %s", file->text.data, number,
	                  problem);
	return OK;
}

static enum error add_file(struct users *users, struct span file, const struct config_text *place,
                           const char *path, struct diagnostics *diagnostics)
{
	enum error error = OK;

	for (unsigned number = 1; file.size > 0 && !error; number++) {
		size_t end = span_find(file, '\n');
		struct span line = span_cut(file, 0, end);

		if (line.size > 0 && line.data[line.size - 1] == '\r')
			line.size--;
		if (line.size > 0 && line.data[0] != '#')
			error = add_line(users, line, number, place, path, diagnostics);
		file = span_from(file, end + 1);
	}
	return error;
}

enum error users_new(const struct config_basic_auth *config, struct span file, const char *path,
                     struct diagnostics *diagnostics, struct users **ret_users)
{
	struct users *users = memory_new(1, sizeof(*users));
	size_t errors = diagnostics->errors;
	enum error error = OK;

	if (!users)
		return ERROR_OUT_OF_MEMORY;
	arena_init(&users->arena, NULL, ARENA_MAX);
	for (size_t i = 0; i < config->user_count && !error; i++)
		error = add_configured(users, &config->users[i], path, diagnostics);
	if (!error)
		error = add_file(users, file, &config->users_file, path, diagnostics);
	if (error) {
		users_free(users);
		return error;
	}
	if (users->count == 0 && diagnostics->errors == errors)
		diagnostics_error(diagnostics, config->place, path, "there are no users");
	*ret_users = users;
	return OK;
}

void users_free(struct users *users)
{
	if (!users)
		return;
	arena_done(&users->arena);
	memory_free(users->users);
	memory_free(users);
}

const struct user *users_find(const struct users *users, struct span name)
{
	for (size_t i = 0; i < users->count; i++)
		if (span_equal(users->users[i].name, name))
			return &users->users[i];
	return NULL;
}

const struct user *users_any(const struct users *users)
{
	check(users->count > 0);
	return &users->users[0];
}
