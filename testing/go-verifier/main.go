// Checks checkpoints and proofs of Indelible with Go's implementation of signed notes and transparency logs, which shares no code with ours.
// It reads cases as lines of JSON, and answers each with a line: "accepted", or "rejected: <why>".
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Case is something to check. Text and OldRoot are base64, because a changed text need not be UTF-8.
type Case struct {
	Kind    string   // checkpoint, inclusion, consistency or bundle
	Keys    []string // public keys; all of them must have signed
	Text    string   // empty for a bundle: the one of the case before
	OldRoot string   // for consistency: the root of the earlier tree
	File    string   // for a bundle: change a bit of this file first
	Bit     int
	Sums    bool // then compute SHA256SUMS again
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		if err := check(line); err != nil {
			fmt.Fprintf(out, "rejected: %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Fprintln(out, "accepted")
		}
	}
}

func check(line []byte) error {
	var c Case
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	if c.Kind == "bundle" {
		return checkBundle(c)
	}
	text, err := base64.StdEncoding.DecodeString(c.Text)
	if err != nil {
		return err
	}
	switch c.Kind {
	case "checkpoint":
		_, err := openCheckpoint(string(text), c.Keys)
		return err
	case "inclusion":
		return checkInclusion(string(text), c.Keys)
	case "consistency":
		return checkConsistency(string(text), c)
	}
	return errors.New("unknown kind")
}

func openCheckpoint(text string, keys []string) (tlog.Tree, error) {
	var verifiers []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(keys) || len(opened.UnverifiedSigs) > 0 {
		return tlog.Tree{}, errors.New("not all keys have signed")
	}
	// Go reads several texts of base64 as the same bytes. A checkpoint has exactly one form.
	for _, signature := range opened.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return tlog.Tree{}, err
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifiers[0].Name() || lines[3] != "" {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := decimal(lines[1])
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := hash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func checkInclusion(text string, keys []string) error {
	proof, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(proof, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof")
	}
	extra, isExtra := cutPrefix(lines[1], "extra ")
	digits, isIndex := cutPrefix(lines[2], "index ")
	if !isExtra || !isIndex {
		return errors.New("not a proof")
	}
	leaf, err := base64.StdEncoding.Strict().DecodeString(extra)
	if err != nil {
		return err
	}
	index, err := decimal(digits)
	if err != nil {
		return err
	}
	path, err := hashes(lines[3:])
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(checkpoint, keys)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

// checkConsistency reads what a witness gets: the old size, the proof, and the new checkpoint.
func checkConsistency(text string, c Case) error {
	proof, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(proof, "\n")
	digits, isOld := cutPrefix(lines[0], "old ")
	if !found || !isOld {
		return errors.New("not a proof")
	}
	size, err := decimal(digits)
	if err != nil {
		return err
	}
	root, err := hash(c.OldRoot)
	if err != nil {
		return err
	}
	path, err := hashes(lines[1:])
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(checkpoint, c.Keys)
	if err != nil {
		return err
	}
	return tlog.CheckTree(path, tree.N, tree.Hash, size, root)
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, line := range lines {
		one, err := hash(line)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func hash(text string) (tlog.Hash, error) {
	var found tlog.Hash
	bytes, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(bytes) != len(found) || strings.ContainsAny(text, "\r\n") {
		return found, errors.New("not a hash")
	}
	copy(found[:], bytes)
	return found, nil
}

func decimal(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 || strconv.FormatInt(number, 10) != text {
		return 0, errors.New("not a number")
	}
	return number, nil
}

// cutPrefix is strings.CutPrefix, which Go 1.19 does not have.
func cutPrefix(text, prefix string) (string, bool) {
	return strings.TrimPrefix(text, prefix), strings.HasPrefix(text, prefix)
}
