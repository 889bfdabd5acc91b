package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deedlog/deed/ledger"
)

// Scrubbing says how a register reads itself while it is served.
type Scrubbing struct {
	// Interval is from the end of a pass to the start of the next; 0 is off.
	Interval time.Duration `yaml:"interval"`
	// Rate bounds what is read, in MiB per second.
	Rate int64 `yaml:"rate"`
}

// usualScrubbing reads 1 TiB in three days, and takes about 2 % of a core while
// it reads.
var usualScrubbing = Scrubbing{Interval: 24 * time.Hour, Rate: 4}

// scrubDelay keeps the first pass out of the way of a start.
const scrubDelay = time.Minute

func (s Scrubbing) validate() error {
	switch {
	case s.Interval != 0 && s.Interval < time.Minute:
		return fmt.Errorf("scrub.interval: want at least 1m, or 0 for off, found %v", s.Interval)
	case s.Rate < 1:
		return errors.New("scrub.rate: want at least 1, in MiB per second")
	}
	return nil
}

// newScrub makes the scrub of an open register; Serve runs it.
func (i *Instance) newScrub(now func() time.Time) *ledger.Scrub {
	return ledger.NewScrub(ledger.ScrubConfig{
		Reader: i.Store, Head: i.published, Now: now,
		Interval: i.Config.Scrub.Interval, Delay: scrubDelay, Rate: i.Config.Scrub.Rate << 20,
		Report: func(c *ledger.Corrupt) {
			i.logger.Error("damage in the database", "bucket", c.Bucket, "key", c.Key, "want", c.Want, "got", c.Got)
		},
		Failed: func(err error) { i.logger.Error("scrub did not finish", "error", err) },
	})
}

// published is how far a scrub reads.
func (i *Instance) published(context.Context) (uint64, ledger.Hash, error) {
	signed, err := ledger.ParseSignedCheckpoint(i.Log.Checkpoint())
	return signed.Size, signed.Root, err
}

// scrub runs it until ctx ends, and closes the channel then.
func (i *Instance) scrub(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		i.Scrub.Run(ctx)
	}()
	return done
}
