/* SPDX-License-Identifier: GPL-2.0-only */
/* A chip for a test: se05x-sim, $SE05X_SIM, by a socket in a folder of its own */
#ifndef SIM_RUN_H
#define SIM_RUN_H

extern char sim_device[80];	/* as se05x_open() */
extern const char *sim_chip;	/* which one */

/* Run cmocka's tests. Return: for main() */
#define sim_main(tests) \
	(sim_begin() ? 1 : sim_end(cmocka_run_group_tests(tests, NULL, NULL)))
int sim_begin(void);
int sim_end(int ret);

/* @option: one more, or NULL. It can be used when this returns. */
void sim_start(const char *option);
void sim_stop(void);

#endif /* SIM_RUN_H */
