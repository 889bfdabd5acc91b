package main

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"

	_ "modernc.org/sqlite"
)

const sqliteName = "SQLite " + sqliteVersion + " WAL, synchronous=FULL"

// sqliteVersion is that of the module modernc.org/sqlite, which is SQLite
// translated to Go: no C compiler is needed.
const sqliteVersion = "(modernc v1.62.0)"

// sqlite measures a table with one row per entry, one and 256 per transaction.
func (r *run) sqlite() error {
	for _, batch := range []int{1, 256} {
		if err := r.sqliteBatches(batch); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) sqliteBatches(batch int) error {
	dir := r.path("sqlite")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", "file:"+dir+"/log.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(r.ctx, "CREATE TABLE entries (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, entry BLOB NOT NULL)"); err != nil {
		return err
	}
	rounds := max(r.records/batch, 10)
	took, err := measure(func() error {
		_, err := crowd(1, rounds, func(i uint64) error { return r.insert(db, int(i)*batch, batch) })
		return err
	})
	if err != nil {
		return err
	}
	row := fmt.Sprintf("%s, batch %d", sqliteName, batch)
	r.table.add(row+rateRow, "/s", took.rate(rounds*batch))
	r.table.add(row+cpuRow, "us CPU", took.each(rounds*batch))
	return nil
}

// insert adds entries in one transaction.
func (r *run) insert(db *sql.DB, first, n int) error {
	tx, err := db.BeginTx(r.ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of a transaction that was committed it does nothing
	for i := range n {
		e := entryOf(uint64(first + i))
		id := sha256.Sum256(e)
		if _, err := tx.ExecContext(r.ctx, "INSERT INTO entries VALUES (?, ?, ?)", first+i, id[:], e); err != nil {
			return err
		}
	}
	return tx.Commit()
}
