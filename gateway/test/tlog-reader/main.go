// Another reader of the log's formats: the Go team's tlog and note packages, and torchwood's client.
//
//	tlog-reader vectors        what they make of small trees, notes and paths, as JSON
//	tlog-reader read URL VKEY  reads every entry below URL by its tiles, checks it, prints the size and SHA-256 of all
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "vectors":
		err = vectors()
	case len(os.Args) == 4 && os.Args[1] == "read":
		err = read(os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("usage: tlog-reader vectors | read URL VKEY")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type tree struct {
	Size        int64    `json:"size"`
	Root        string   `json:"root"`
	Index       int64    `json:"index"`
	Inclusion   []string `json:"inclusion"`
	Old         int64    `json:"old"`
	Consistency []string `json:"consistency"`
}

// Stored hashes of a tree in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, h[index])
	}
	return found, nil
}

func base64s(hashes []tlog.Hash) []string {
	texts := []string{}
	for _, hash := range hashes {
		texts = append(texts, hash.String())
	}
	return texts
}

func vectors() error {
	var stored hashes
	trees := []tree{}
	sizes := []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 100, 255, 256, 257, 511, 512, 513, 1000, 5000}
	n := int64(0)
	for i, size := range sizes {
		for ; n < size; n++ {
			added, err := tlog.StoredHashes(n, fmt.Appendf(nil, "entry %d", n), stored)
			if err != nil {
				return err
			}
			stored = append(stored, added...)
		}
		root, err := tlog.TreeHash(size, stored)
		if err != nil {
			return err
		}
		index, old := size*2/3, size-size/3
		if i%2 == 1 {
			index, old = size-1, (size+1)/2
		}
		inclusion, err := tlog.ProveRecord(size, index, stored)
		if err != nil {
			return err
		}
		consistency, err := tlog.ProveTree(size, old, stored)
		if err != nil {
			return err
		}
		trees = append(trees, tree{size, root.String(), index, base64s(inclusion), old, base64s(consistency)})
	}
	paths := []string{}
	for _, tile := range []tlog.Tile{
		{H: 8, L: 0, N: 0, W: 256}, {H: 8, L: 0, N: 1234067, W: 256}, {H: 8, L: 1, N: 999, W: 1},
		{H: 8, L: 2, N: 1000, W: 255}, {H: 8, L: -1, N: 7, W: 256}, {H: 8, L: -1, N: 1001, W: 17},
	} {
		paths = append(paths, torchwood.TilePath(tile))
	}
	seed := sha256.Sum256([]byte("a log's key"))
	key := ed25519.NewKeyFromSeed(seed[:])
	name := "example.com/log"
	vkey, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	keyHash := sha256.Sum256(append([]byte(name+"\n\x01"), key.Public().(ed25519.PublicKey)...))
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, hex.EncodeToString(keyHash[:4]),
		base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...)))
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	last := trees[len(trees)-1]
	text := fmt.Sprintf("%s\n%d\n%s\n", name, last.Size, last.Root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	witness := ed25519.NewKeyFromSeed(keyHash[:])
	cosigner, err := torchwood.NewCosignatureSigner("example.com/witness", witness)
	if err != nil {
		return err
	}
	cosigned, err := note.Sign(&note.Note{Text: text}, signer, cosigner)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	return out.Encode(map[string]any{
		"trees": trees, "paths": paths, "seed": hex.EncodeToString(seed[:]), "vkey": vkey,
		"signed": string(signed), "cosigned": string(cosigned), "witness": cosigner.Verifier().String(),
	})
}

func read(url, vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	fetcher, err := torchwood.NewTileFetcher(url)
	if err != nil {
		return err
	}
	ctx := context.Background()
	signed, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	if err != nil {
		return err
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		return err
	}
	all := sha256.New()
	count := int64(0)
	// It stops before a tile that is not full, and goes on with that when it is asked again.
	for before := int64(-1); count < checkpoint.N && count > before; {
		before = count
		for _, entry := range client.Entries(ctx, checkpoint.Tree, count) {
			all.Write(entry)
			count++
		}
		if err := client.Err(); err != nil {
			return err
		}
	}
	fmt.Printf("%d %x\n", count, all.Sum(nil))
	return nil
}
