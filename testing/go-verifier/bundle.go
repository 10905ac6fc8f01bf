// Checks a bundle of evidence: every event against the checkpoint, with Go's implementation of transparency logs.
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A bundle is its files by name.
type bundle map[string][]byte

var bundleFiles = []string{
	"events.ndjson", "keys.ndjson", "checkpoint", "declarations.json", "about.json", "index.html", "README.txt", "check.py",
}

// The bundle of the last case that had one: many cases change a bit of the same one.
var lastBundle bundle

func checkBundle(c Case) error {
	if c.Text != "" {
		text, err := base64.StdEncoding.DecodeString(c.Text)
		if err != nil {
			return err
		}
		if lastBundle, err = readBundle(text); err != nil {
			return err
		}
	}
	files := bundle{}
	for name, content := range lastBundle {
		files[name] = content
	}
	if c.File != "" {
		changed := append([]byte(nil), files[c.File]...)
		changed[c.Bit/8] ^= 1 << (c.Bit % 8)
		files[c.File] = changed
		if c.Sums {
			files["SHA256SUMS"] = sums(files)
		}
	}
	return files.check(c.Keys)
}

func readBundle(text []byte) (bundle, error) {
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, err
	}
	files := bundle{}
	for _, file := range archive.File {
		opened, err := file.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(opened)
		if err != nil {
			return nil, err
		}
		files[file.Name] = content
	}
	return files, nil
}

func sums(files bundle) []byte {
	var text bytes.Buffer
	for _, name := range bundleFiles {
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return text.Bytes()
}

func (files bundle) check(keys []string) error {
	if len(files) != len(bundleFiles)+1 || !bytes.Equal(sums(files), files["SHA256SUMS"]) {
		return errors.New("not the files that SHA256SUMS names")
	}
	tree, err := openCheckpoint(string(files["checkpoint"]), keys)
	if err != nil {
		return err
	}
	recorded := map[string]bool{}
	err = checkLines(files["keys.ndjson"], tree, func(e event) error {
		if e.Stream != "$operator-$tree" {
			return errors.New("not the record of the keys")
		}
		if e.Type != "$ProofKeyUsed" {
			return nil
		}
		var used struct{ Key string }
		err := json.Unmarshal([]byte(*e.Data), &used)
		recorded[used.Key] = true
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !recorded[key] {
			return fmt.Errorf("the log does not record the key %s", key)
		}
	}
	stream, count := "", 0
	err = checkLines(files["events.ndjson"], tree, func(e event) error {
		stream, count = e.Stream, count+1
		return nil
	})
	if err != nil {
		return err
	}
	var about struct {
		Stream string
		Events int
	}
	if err := json.Unmarshal(files["about.json"], &about); err != nil {
		return err
	}
	if about.Stream != stream || about.Events != count {
		return errors.New("about.json is about other events")
	}
	return nil
}

type event struct {
	Position, Version                                  uint64
	SchemaVersion                                      uint16
	Stream, Type, ContentType, RecordedAt, ValidAt, Id string
	Tags                                               []string
	Data, DataBase64, Metadata                         *string
}

// checkLines checks that every line is proved, and that the versions have no gap.
func checkLines(text []byte, tree tlog.Tree, each func(event) error) error {
	lines := bufio.NewReader(bytes.NewReader(text))
	var before []tlog.Hash
	var version, position uint64
	stream := ""
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 && version > 0 {
			return nil
		}
		if err != nil {
			return errors.New("no events, or a line that is cut")
		}
		e, path, err := checkLine(line, before, tree)
		if err != nil {
			return err
		}
		if e.Version != version+1 || e.Position <= position || (stream != "" && e.Stream != stream) {
			return errors.New("an event is missing, or not in its place")
		}
		if err := each(e); err != nil {
			return err
		}
		version, position, stream, before = e.Version, e.Position, e.Stream, path
	}
}

func checkLine(text []byte, before []tlog.Hash, tree tlog.Tree) (e event, path []tlog.Hash, err error) {
	line, err := members(text, "event", "leaf", "proof")
	if err != nil {
		return
	}
	proof, err := members(line["proof"], "hashes", "shared")
	if err != nil {
		return
	}
	var leafText string
	var own []string
	var shared int
	for _, each := range []struct {
		text json.RawMessage
		into any
	}{{line["leaf"], &leafText}, {proof["hashes"], &own}, {proof["shared"], &shared}} {
		if err = json.Unmarshal(each.text, each.into); err != nil {
			return
		}
	}
	if e, err = readEvent(line["event"]); err != nil {
		return
	}
	if shared < 0 || shared > len(before) {
		return e, nil, errors.New("it shares more hashes than there are")
	}
	if path, err = hashes(own); err != nil {
		return
	}
	path = append(path, before[len(before)-shared:]...)
	leaf, err := base64.StdEncoding.Strict().DecodeString(leafText)
	if err != nil {
		return
	}
	made, err := e.leaf()
	if err != nil {
		return
	}
	if !bytes.Equal(leaf, made) {
		return e, nil, errors.New("an event is not as it was signed")
	}
	err = tlog.CheckRecord(path, tree.N, tree.Hash, int64(e.Position)-1, tlog.RecordHash(leaf))
	return
}

func readEvent(text []byte) (e event, err error) {
	required := []string{"position", "stream", "version", "type", "schemaVersion", "recordedAt", "tags", "contentType", "metadata", "id"}
	all, err := members(text, append(required, "?validAt", "?data", "?dataBase64")...)
	if err != nil {
		return
	}
	if err = json.Unmarshal(text, &e); err != nil {
		return
	}
	if (all["data"] == nil) == (all["dataBase64"] == nil) || e.Metadata == nil {
		return e, errors.New("an event has no data, or twice")
	}
	return
}

// members reads an object with exactly these members, each once. Those with a question mark may be missing. Go would ignore upper and lower case.
func members(text []byte, names ...string) (map[string]json.RawMessage, error) {
	var found map[string]json.RawMessage
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, err
	}
	known := 0
	for _, name := range names {
		_, isThere := found[strings.TrimPrefix(name, "?")]
		if isThere {
			known++
		} else if !strings.HasPrefix(name, "?") {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	if known != len(found) {
		return nil, errors.New("a member is unknown")
	}
	return found, nil
}

const timeForm = "2006-01-02T15:04:05.000Z"

// leaf makes the leaf of an event (docs/proofs.md, "The leaf of an event").
func (e event) leaf() ([]byte, error) {
	at, err := time.Parse(timeForm, e.RecordedAt)
	if err != nil {
		return nil, err
	}
	// Go also takes a comma for the point.
	if at.Format(timeForm) != e.RecordedAt {
		return nil, errors.New("not a time in its one form")
	}
	id, err := hex.DecodeString(strings.ReplaceAll(e.Id, "-", ""))
	if err != nil || strings.ToLower(e.Id) != e.Id {
		return nil, errors.New("not an id")
	}
	var data []byte
	if e.Data != nil {
		data = []byte(*e.Data)
	} else if data, err = base64.StdEncoding.Strict().DecodeString(*e.DataBase64); err != nil {
		return nil, err
	}
	texts := []string{e.Stream, e.Type, e.ContentType, e.ValidAt}
	leaf := []byte{1, byte(len(e.Tags))}
	leaf = binary.LittleEndian.AppendUint16(leaf, e.SchemaVersion)
	for _, number := range []uint64{e.Position, e.Version, uint64(at.UnixMilli())} {
		leaf = append(leaf, binary.LittleEndian.AppendUint64(nil, number)[:6]...)
	}
	for _, text := range texts {
		leaf = binary.LittleEndian.AppendUint16(leaf, uint16(len(text)))
	}
	leaf = append(append(leaf, 0, 0), id...)
	metadataHash, dataHash := sha256.Sum256([]byte(*e.Metadata)), sha256.Sum256(data)
	leaf = append(append(leaf, metadataHash[:]...), dataHash[:]...)
	for _, text := range texts {
		leaf = append(leaf, text...)
	}
	for _, tag := range e.Tags {
		leaf = append(binary.LittleEndian.AppendUint16(leaf, uint16(len(tag))), tag...)
	}
	return leaf, nil
}
