package server

import (
	"bytes"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Bounds of what one message may be made of. A mebibyte of empty elements is
// cheap to send, and takes a hundred times the work and the memory of a mebibyte
// of statements.
const (
	maxFields = 1 << 10 // of a message; the most that is of use is 256 statements
	maxCommas = 1 << 15 // of JSON; 256 statements with 64 objects each have half as many
)

var errElements = errors.New("the message has too many elements")

// codecs read messages as Connect's own do, after a look at how many elements
// they have.
func codecs() []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithCodec(binaryCodec{}), connect.WithCodec(jsonCodec{"json"}), connect.WithCodec(jsonCodec{"json; charset=utf-8"}),
	}
}

// binaryCodec is protobuf.
type binaryCodec struct{}

// Name implements connect.Codec.
func (binaryCodec) Name() string { return "proto" }

// Marshal implements connect.Codec.
func (c binaryCodec) Marshal(m any) ([]byte, error) { return c.MarshalAppend(nil, m) }

// MarshalAppend is what Connect uses if it is there.
func (binaryCodec) MarshalAppend(to []byte, m any) ([]byte, error) {
	message, err := messageOf(m)
	if err != nil {
		return nil, err
	}
	return proto.MarshalOptions{}.MarshalAppend(to, message)
}

// Unmarshal implements connect.Codec.
func (binaryCodec) Unmarshal(data []byte, m any) error {
	message, err := messageOf(m)
	if err != nil {
		return err
	}
	rest := data
	for n := 0; len(rest) > 0; n++ {
		_, _, length := protowire.ConsumeField(rest)
		if length < 0 {
			return protowire.ParseError(length)
		}
		if n == maxFields {
			return errElements
		}
		rest = rest[length:]
	}
	return proto.Unmarshal(data, message)
}

// jsonCodec is protobuf's JSON.
type jsonCodec struct{ name string }

// Name implements connect.Codec.
func (c jsonCodec) Name() string { return c.name }

// Marshal implements connect.Codec.
func (c jsonCodec) Marshal(m any) ([]byte, error) { return c.MarshalAppend(nil, m) }

// MarshalAppend is what Connect uses if it is there.
func (jsonCodec) MarshalAppend(to []byte, m any) ([]byte, error) {
	message, err := messageOf(m)
	if err != nil {
		return nil, err
	}
	return protojson.MarshalOptions{}.MarshalAppend(to, message)
}

// Unmarshal implements connect.Codec. Members that this version does not know
// are passed over, as Connect does: nothing of the wire is signed.
func (jsonCodec) Unmarshal(data []byte, m any) error {
	message, err := messageOf(m)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return errors.New("no JSON object")
	}
	if bytes.Count(data, []byte(",")) > maxCommas {
		return errElements
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, message)
}

func messageOf(m any) (proto.Message, error) {
	message, ok := m.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%T is no message", m)
	}
	return message, nil
}
