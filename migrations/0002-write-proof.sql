-- app.prove_write() writes to this sequence. It is logged, so that the proof includes the write-ahead log.
CREATE SEQUENCE app_private.write_proof;
