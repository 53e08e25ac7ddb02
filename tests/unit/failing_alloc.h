/* Memory that runs out at every point of a scenario, one point after the
 * other. The test program is linked with $(FAILING_ALLOC_LDFLAGS), by which
 * the allocations of our code (not of shared libraries) come through here. */
#ifndef UNIT_FAILING_ALLOC_H
#define UNIT_FAILING_ALLOC_H

/* One whole story: makes things, uses them, frees them all, also when
 * something failed half-way. Returns 0 or the -ENOMEM that it was told. */
typedef int (*failing_alloc_fn)(void *arg);

/* Plays `scenario` with the first allocation failing, then with the second,
 * and so on until one play needs no more. Fails the test when a play leaks,
 * returns something else than -ENOMEM after a failure, or does not succeed in
 * the end. */
void failing_alloc_play(failing_alloc_fn scenario, void *arg);

/* The same for code that may get by without the memory: success is as good. */
void failing_alloc_play_tolerant(failing_alloc_fn scenario, void *arg);

#endif
