// The schema of metrics.db, one step after the other. A step that has been released is never changed.

export const migrations: readonly string[] = [
  // `tick` holds what was appended last, all services of a moment in a row: one cheap write. Once there is a page full of
  // them, the points of a service go together into a row of `chunk`, from where one service is read without the others.
  `CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
   CREATE TABLE tick (key INTEGER PRIMARY KEY, atMs INTEGER NOT NULL, upto INTEGER NOT NULL, block BLOB NOT NULL) STRICT;
   CREATE TABLE chunk (key INTEGER PRIMARY KEY, minMs INTEGER NOT NULL, maxMs INTEGER NOT NULL, block BLOB NOT NULL) STRICT;
   CREATE TABLE watch (id INTEGER PRIMARY KEY, fromMs INTEGER NOT NULL, toMs INTEGER NOT NULL) STRICT;
   CREATE TABLE seen (service INTEGER NOT NULL, n INTEGER NOT NULL, watch INTEGER NOT NULL, atMs INTEGER NOT NULL, state TEXT, health TEXT NOT NULL,
     restarts INTEGER, PRIMARY KEY (service, n)) STRICT, WITHOUT ROWID;`,
  // Blocks have the layouts 3 and 4 from here on, which an older bs9 would take for damage; the number keeps it away.
  "SELECT 1",
];
