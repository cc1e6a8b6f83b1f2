// libpq, with one function over its versions.
#pragma once
#include <libpq-fe.h>

// Ends a query's implicit transaction. From libpq 17 on without a system call of its own, so that
// the queries of one loop pass leave together; before that the sync itself flushes.
static inline int usher_pipeline_sync(PGconn *conn) {
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
  return PQsendPipelineSync(conn);
#else
  return PQpipelineSync(conn);
#endif
}
