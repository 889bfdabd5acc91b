package authority

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
)

const invitationPath = "/invitation/"

// link is an invitation's link, taken apart.
type link struct{ origin, text string }

// readLink reads a link, or a file with one.
func readLink(arg string) (l link, err error) {
	if console.FileExists(arg) {
		doc, err := os.ReadFile(arg)
		if err != nil {
			return l, fmt.Errorf("reading link: %w", err)
		}
		arg = strings.TrimSpace(string(doc))
	}
	u, err := url.Parse(arg)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasPrefix(u.Path, invitationPath) || !attest.ValidWebOrigin(u.Scheme+"://"+u.Host, "") {
		return l, console.Usage("want the link of an invitation, https://.../invitation/..., or a file with it")
	}
	return link{u.Scheme + "://" + u.Host, strings.TrimPrefix(u.Path, invitationPath)}, nil
}

// personHalf is what the page has of a person who took an invitation.
type personHalf struct {
	Payload     []byte `json:"payload"`
	Endorsement []byte `json:"endorsement"`
	Expires     int64  `json:"expires"`
}

// maxHalf bounds the page's answer, in bytes.
const maxHalf = 256 << 10

// half asks the page; nil is that the person has not taken the invitation yet.
func (l link) half(ctx context.Context) (*personHalf, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.origin+invitationPath+l.text+"/answer", nil)
	if err != nil {
		return nil, fmt.Errorf("asking the approval page: %w", err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return nil, console.Hint(fmt.Errorf("asking the approval page: %w", err), "is it switched on? see web in deed.yaml")
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		return nil, nil
	case http.StatusNotFound:
		return nil, console.False("the approval page at %s does not know this invitation", l.origin)
	default:
		return nil, fmt.Errorf("asking the approval page: it says %s", strings.ToLower(http.StatusText(answer.StatusCode)))
	}
	doc, err := io.ReadAll(io.LimitReader(answer.Body, maxHalf))
	if err != nil {
		return nil, fmt.Errorf("asking the approval page: %w", err)
	}
	h := new(personHalf)
	if err := json.Unmarshal(doc, h, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("reading the approval page's answer: %w", console.PlainJSON(err))
	}
	return h, nil
}
