package attest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
)

// TestHours compares the hours with package time, at their edges and on every day
// of the week.
func TestHours(t *testing.T) {
	h := attest.Hours{From: 8 * 60, To: 18*60 + 30, Weekdays: []int{1, 3, 7}}
	days := map[time.Weekday]bool{time.Monday: true, time.Wednesday: true, time.Sunday: true}
	for at := time.Date(2026, 2, 23, 0, 0, 0, 0, time.UTC); at.Month() < time.April; at = at.Add(30 * time.Minute) {
		for _, off := range []time.Duration{-time.Millisecond, 0} {
			moment := at.Add(off)
			minute := moment.Hour()*60 + moment.Minute()
			want := days[moment.Weekday()] && minute >= h.From && minute < h.To
			if h.Contain(moment.UnixMilli()) != want {
				t.Errorf("%s: within is %v", moment.Format(time.RFC1123), !want)
			}
		}
	}
	all := attest.Hours{To: 1440, Weekdays: []int{1, 2, 3, 4, 5, 6, 7}}
	for _, ms := range []int64{1, moment, 1<<53 - 1} {
		if !all.Contain(ms) {
			t.Errorf("%d is not within all hours", ms)
		}
	}
}

// TestGateLimits: how many gates, and how many people one may ask for.
func TestGateLimits(t *testing.T) {
	w := warrantDoc()
	w.Gates = slices.Repeat(w.Gates[1:2], attest.MaxGates)
	payloadOf(t, w)
	w.Gates = append(w.Gates, w.Gates[0])
	_, err := attest.Payload(w)
	wantCode(t, err, field)
	w = warrantDoc()
	w.Gates[1].Approvers = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"}
	w.Gates[1].M = attest.MaxApprovals
	payloadOf(t, w)
	w.Gates[1].M++ // more than an action may name
	_, err = attest.Payload(w)
	wantCode(t, err, field)
}
