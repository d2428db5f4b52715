#include "cli/hash_password.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"

/* Shows what is typed, or not; false if it is no terminal. */
static bool set_echo(bool shown)
{
	struct termios settings;

	if (tcgetattr(STDIN_FILENO, &settings))
		return false;
	if (shown)
		settings.c_lflag |= ECHO;
	else
		settings.c_lflag &= ~(tcflag_t)ECHO;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) == 0;
}

enum error hash_password_read(char ret_hash[PASSWORD_HASH_SIZE])
{
	char line[PASSWORD_SIZE_MAX + 2] = ""; /* with its end and a NUL */
	bool is_terminal = set_echo(false);
	enum error error = ERROR_INVALID;

	(void)setvbuf(stdin, NULL, _IONBF, 0); /* no copy is left behind */
	if (is_terminal)
		(void)fputs("Password: ", stderr);

	bool was_read = fgets(line, sizeof(line), stdin) != NULL;
	size_t size = strcspn(line, "\n");

	if (is_terminal) {
		(void)set_echo(true);
		(void)fputs("\n", stderr);
	}
	if (size > PASSWORD_SIZE_MAX)
		error = ERROR_TOO_LARGE;
	else if (was_read && size > 0)
		error = password_hash(span_of(line, size), ret_hash);
	memory_wipe(line, sizeof(line));
	return error;
}
