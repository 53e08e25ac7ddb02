/* A batch's connects are answered in their order, wherever they were held: the answers
 * that other workers' gave wait here for those before them. */
#ifndef BROKER_LATE_H
#define BROKER_LATE_H

#include "broker/exchange.h"

/* Those to messages from the batch's number `number` on: an array, which it takes. 0, or
 * -ENOMEM: not taken. */
int late_keep(struct exchange *x, unsigned number, struct buf *array);

/* Adds those to messages before the batch's number `before` to its replies. */
void late_write(struct exchange *x, unsigned before);
void late_drop(struct exchange *x); /* forgets all */

#endif
