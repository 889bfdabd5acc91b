package setup

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificateAge is how long a certificate is used before its files are looked at.
const certificateAge = time.Minute

// logger is what a certificate complains to.
type logger interface{ Error(msg string, args ...any) }

// certificate is read anew when its files change, so that who renews it need not
// restart the register.
type certificate struct {
	files WebTLS
	log   logger

	mu      sync.Mutex
	current *tls.Certificate
	changed [2]time.Time // of the files, when they were read
	looked  time.Time
}

func newCertificate(files WebTLS, log logger) (*certificate, error) {
	c := &certificate{files: files, log: log}
	return c, c.read()
}

// read reads the files if they changed.
func (c *certificate) read() error {
	c.looked = time.Now()
	var changed [2]time.Time
	for i, file := range [...]string{c.files.Cert, c.files.Key} {
		info, err := os.Stat(file)
		if err != nil {
			return fmt.Errorf("reading certificate of the approval page: %w", err)
		}
		changed[i] = info.ModTime()
	}
	if c.current != nil && changed == c.changed {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return fmt.Errorf("reading certificate of the approval page: %w", err)
	}
	c.current, c.changed = &pair, changed
	return nil
}

// get implements tls.Config.GetCertificate. What cannot be read anew stays as it was.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= certificateAge {
		if err := c.read(); err != nil {
			c.log.Error("certificate not reread", "error", err)
		}
	}
	return c.current, nil
}
