package pki

import (
	"slices"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// Node is an element of DER, to be spoiled: what is in it, or its bytes if it is
// made of none.
type Node struct {
	Tag   byte
	Nodes []*Node
	Bytes []byte
}

// Tree reads DER, which it panics on if it is none.
func Tree(der []byte) *Node {
	in := cryptobyte.String(der)
	nodes := trees(&in)
	if len(nodes) != 1 {
		panic("pki: not one element of DER")
	}
	return nodes[0]
}

func trees(in *cryptobyte.String) (out []*Node) {
	for !in.Empty() {
		var content cryptobyte.String
		var t tag.Tag
		if !in.ReadAnyASN1(&content, &t) {
			panic("pki: not DER")
		}
		n := &Node{Tag: byte(t)}
		if n.Tag&0x20 != 0 {
			n.Nodes = trees(&content)
		} else {
			n.Bytes = content
		}
		out = append(out, n)
	}
	return out
}

// DER writes it.
func (n *Node) DER() []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag.Tag(n.Tag), func(b *cryptobyte.Builder) {
		b.AddBytes(n.Bytes)
		for _, in := range n.Nodes {
			b.AddBytes(in.DER())
		}
	})
	return b.BytesOrPanic()
}

// At is the node at the end of a path of places.
func (n *Node) At(path ...int) *Node {
	for _, i := range path {
		n = n.Nodes[i]
	}
	return n
}

// Null is an element that is nowhere expected.
func Null() *Node { return &Node{Tag: byte(tag.NULL)} }

// Add puts nodes at the end.
func (n *Node) Add(more ...*Node) { n.Nodes = append(n.Nodes, more...) }

// Insert puts a node before the one at a place.
func (n *Node) Insert(i int, more *Node) { n.Nodes = slices.Insert(n.Nodes, i, more) }

// Remove takes out the node at a place.
func (n *Node) Remove(i int) { n.Nodes = slices.Delete(n.Nodes, i, i+1) }
