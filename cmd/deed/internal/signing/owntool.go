package signing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/setup"
)

// OwnHelp explains signing with a tool of one's own.
const OwnHelp = `A person whose SSH key, certificate or sigstore identity is registered signs with
a tool of their own. --pae writes the bytes that it has to sign, and prints a
request; how to sign is on stderr. The tool's result makes the envelope, checked
before it is printed: deed sign --request REQUEST --signature RESULT.`

// ownRequest is what it takes to make an envelope of a signature by a tool of a
// person's own, and to check it first.
type ownRequest struct {
	Credential []byte    `json:"credential"` // the object that the keyid names
	Payload    []byte    `json:"payload"`
	Roots      []ownRoot `json:"roots,omitempty"` // that certificates have to lead to, as they were in force
}

// ownRoot is a set of authorities of the register.
type ownRoot struct {
	Document []byte          `json:"document"`
	Name     string          `json:"name"`
	Type     attest.RootType `json:"type"`
}

// OwnTool holds the flags of a signature by a tool of a person's own.
type OwnTool struct {
	PAE         string // file for what the tool has to sign
	Signature   string // file with what the tool made
	certificate string
	timestamp   string
	trustedRoot string
}

// Flags adds the flags to deed sign.
func (o *OwnTool) Flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.PAE, "pae", "", "write what a tool of the person's own has to sign to `FILE`, and print a request")
	f.StringVar(&o.Signature, "signature", "", "with --request, what the tool made, `FILE`: of ssh-keygen, CMS, or a sigstore bundle")
	f.StringVar(&o.certificate, "certificate", "", "of sigstore without a bundle, the certificate, PEM `FILE`")
	f.StringVar(&o.timestamp, "timestamp", "", "of sigstore without a bundle, the answer of the time-stamping authority, `FILE`")
	f.StringVar(&o.trustedRoot, "trusted-root", "", "of sigstore, trusted root or certificates (PEM) of the time-stamping authority, `FILE`")
}

// steps are the commands that make a signature, by how the person signs.
var steps = map[attest.Form]string{
	attest.SSHForm:  "sign it with:  ssh-keygen -Y sign -n deed -f KEY %[1]s\nthen:          deed sign --request REQUEST --signature %[1]s.sig\n",
	attest.X509Form: "sign it with:  openssl cms -sign -binary -in %[1]s -signer CERT.pem -inkey KEY.pem -certfile CHAIN.pem -outform DER -out %[1]s.der\nthen:          deed sign --request REQUEST --signature %[1]s.der\n",
	attest.FulcioForm: "sign it with:  cosign sign-blob --bundle %[1]s.json %[1]s   (with a time-stamping authority in its signing configuration)\n" +
		"then:          deed sign --request REQUEST --signature %[1]s.json --trusted-root TRUSTED_ROOT.json\n",
}

// Ask writes what is to be signed, prints the request, and says how to go on.
func (o *OwnTool) Ask(ctx context.Context, cmd *cobra.Command, key attest.PersonKey, payload []byte, cl *register.Client) error {
	form, err := key.Form()
	if err != nil {
		return err
	}
	how, ok := steps[form]
	if !ok {
		return console.Hint(fmt.Errorf("--pae is for people who sign with a tool of their own, and this person signs with a %s", form), "use --key, or --challenge for a passkey")
	}
	r := ownRequest{Credential: key, Payload: payload}
	if cl != nil {
		if r.Roots, err = rootsOf(ctx, cl, key); err != nil {
			return err
		}
	}
	if err := setup.WriteFile(o.PAE, attest.SigningBytes(payload), 0o600); err != nil {
		return err
	}
	if err := console.PrintJSON(cmd.OutOrStdout(), r); err != nil {
		return err
	}
	return console.Print(cmd.ErrOrStderr(), fmt.Sprintf(how, o.PAE))
}

// Finish makes an envelope of what a tool made, and checks it first.
func (o *OwnTool) Finish(cmd *cobra.Command, request string) error {
	if request == "" || o.PAE != "" || (o.certificate == "") != (o.timestamp == "") {
		return console.Usage("want --request FILE and --signature FILE; of sigstore without a bundle --certificate and --timestamp too")
	}
	doc, err := os.ReadFile(request)
	if err != nil {
		return fmt.Errorf("reading request: %w", err)
	}
	var r ownRequest
	if err := json.Unmarshal(doc, &r, json.RejectUnknownMembers(true)); err != nil {
		return console.Hint(fmt.Errorf("reading %s: %w", request, console.PlainJSON(err)), "the file is what 'deed sign --pae' printed")
	}
	envelope, err := o.envelope(r)
	if err != nil {
		return fmt.Errorf("checking %s: %w", o.Signature, err)
	}
	return console.Print(cmd.OutOrStdout(), string(envelope.JSON())+"\n")
}

// envelope reads the tool's result and verifies it. Without roots in the request
// where its certificate leads is for the register to see.
func (o *OwnTool) envelope(r ownRequest) (attest.Envelope, error) {
	signer, err := attest.PersonKey(r.Credential).Signer("person")
	if err != nil {
		return attest.Envelope{}, err
	}
	e, err := o.seal(signer.Form(), r.Payload, signer.KeyID)
	if err != nil {
		return e, err
	}
	if len(r.Roots) == 0 {
		signer = signer.Reopened()
	} else if signer, err = r.anchor(signer, time.Now()); err != nil {
		return e, err
	}
	parsed, err := attest.Parse(e)
	if err != nil {
		return e, err
	}
	return e, parsed.VerifyEndorsement(signer)
}

func (r ownRequest) anchor(s attest.Signer, at time.Time) (attest.Signer, error) {
	sets := map[attest.NamedRoot]*attest.Roots{}
	for _, root := range r.Roots {
		set, err := attest.ParseRoots(root.Document)
		if err != nil {
			return s, err
		}
		sets[attest.NamedRoot{Type: root.Type, Name: root.Name}] = set
	}
	return s.Anchor(sets, at.UnixMilli()), nil
}

// seal reads the files of the tool.
func (o *OwnTool) seal(form attest.Form, payload []byte, keyID attest.Digest) (attest.Envelope, error) {
	doc, err := os.ReadFile(o.Signature)
	if err != nil {
		return attest.Envelope{}, err
	}
	switch form {
	case attest.SSHForm:
		blob, err := attest.UnarmorSSH(doc)
		if err != nil {
			return attest.Envelope{}, err
		}
		return attest.SealSigned(payload, keyID, blob)
	case attest.X509Form:
		return attest.SealSigned(payload, keyID, derOf(doc, "CMS", "PKCS7"))
	case attest.FulcioForm:
		proof, err := o.proof(doc)
		if err != nil {
			return attest.Envelope{}, err
		}
		return attest.SealFulcio(payload, keyID, proof)
	}
	return attest.Envelope{}, errors.New("the request is of a person who signs with no tool of their own")
}

// rootsOf are the roots in force that a credential's signatures have to lead to.
func rootsOf(ctx context.Context, cl *register.Client, key attest.PersonKey) ([]ownRoot, error) {
	signer, err := key.Signer("person")
	if err != nil || len(signer.Roots()) == 0 {
		return nil, err
	}
	list, err := register.InForce(ctx, cl, attest.KindRoot, (*attest.Root).Of)
	if err != nil {
		return nil, err
	}
	var out []ownRoot
	for _, name := range signer.Roots() {
		root := ownRoot{Name: name.Name, Type: name.Type}
		for _, l := range list {
			if l.Statement.Of() != name.String() {
				continue
			}
			if root.Document, err = cl.Object(ctx, l.Statement.Bundle); err != nil {
				return nil, err
			}
		}
		if root.Document == nil {
			return nil, console.Hint(fmt.Errorf("the register has no root %s", name), "name it under roots in deed.yaml, and send the server SIGHUP")
		}
		out = append(out, root)
	}
	return out, nil
}
