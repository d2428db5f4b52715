/*
 * The command line: `sallyport COMMAND [OPTIONS]`.
 */
#ifndef SALLYPORT_CLI_CLI_H
#define SALLYPORT_CLI_CLI_H

#define CLI_CONFIG_DEFAULT "/etc/sallyport/sallyport.yaml"

/* Exit statuses. A service manager should not start us again by itself after 1 or 2. */
enum exit_status {
	EXIT_CLEAN = 0,     /* done, or stopped as asked */
	EXIT_CONFIG = 1,    /* the configuration is wrong */
	EXIT_USAGE = 2,     /* the command line is wrong */
	EXIT_CANNOT_RUN = 3 /* the system did not let us */
};

/* Runs the command that the arguments of main() ask for. */
enum exit_status cli_run(int argc, char **argv);

#endif
