// The instructions of a bundle: how to check it, also without Indelible.
import type { About } from './about.ts'

export function readmeText({ stream, events, log, size }: About): string {
  return `EVIDENCE: THE HISTORY OF ${stream}

This bundle has the events of the stream "${stream}" of the log "${log}", versions 1 to ${events}, and
a proof that each of them was in that log when its first ${size} events were signed. index.html says
the same for people who do not program. docs/evidence.md of Indelible describes every file.

  index.html         the events to read and print
  events.ndjson      every event with its proof, one a line
  keys.ndjson        what the log records about its own keys, in the same form
  checkpoint         the signed state of the log (a signed note: https://c2sp.org/tlog-checkpoint)
  declarations.json  schemas of the events, and marks of the code that decided
  about.json         the figures on the page
  check.py           a check that needs Python 3 only, and openssl for the signature
  SHA256SUMS         the SHA-256 of each other file

WHAT YOU NEED FROM ELSEWHERE

The public key of the log. A key that comes with the bundle proves only that one key signed
everything. Get it from the owner of the log in another way, or from who keeps its checkpoints.

CHECK WITH INDELIBLE

  indelible evidence verify FILE.zip --key KEY

CHECK WITHOUT INDELIBLE

  unzip FILE.zip -d evidence && cd evidence
  python3 check.py KEY

check.py is about 200 lines of plain Python. Read it before you run it, or write your own:

1. Sums. Each file has the SHA-256 that SHA256SUMS says ("sha256sum -c SHA256SUMS" does the same).
   This finds accidents. Who changes a file can also change its sum, so go on.
2. Signature. The text of the checkpoint ends before its empty line: the name of the log, the number
   of events, and the root of their tree in base64. Below it stands a line for each signature:
   a dash, a name, and in base64 4 bytes that distinguish the key, then 64 bytes of Ed25519.
   What is signed is the text with its last line feed. With openssl, for a key "name+id+BASE64":
   the public key is the last 32 bytes of BASE64. Put 302a300506032b6570032100 (hexadecimal) before
   them, save that as key.der, the text as text, the 64 bytes as signature, and run
     openssl pkey -pubin -inform DER -in key.der -out key.pem
     openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature
   In Go, golang.org/x/mod/sumdb/note does it. A witness signs with the time before the text
   (https://c2sp.org/tlog-cosignature).
3. Leaves. In each line of events.ndjson, "leaf" has the bytes that are in the tree. They have the
   position, version, times, stream, type and tags of the event, and the SHA-256 of its data and
   metadata. "data" and "metadata" are the recorded texts ("dataBase64": the recorded bytes), so hash
   them in UTF-8 as they are, without parsing.
4. Tree. The hash of a leaf is SHA-256 of a zero byte and the leaf; that of a node is SHA-256 of a
   byte 1 and its two children (RFC 6962). "hashes" are the siblings on the way from the leaf to the
   root; then come so many of the last ones of the line before as "shared" says. The place of the
   leaf is its position minus 1. Each way must lead to the root in the checkpoint (RFC 9162, section
   2.1.3.2; CheckRecord of golang.org/x/mod/sumdb/tlog).
5. Completeness. The versions go from 1 to ${events} without a gap, and all are of "${stream}".

WHAT IS NOT PROVED

- That the stream has no event after version ${events}. Only who has the whole log can say that
  ("indelible verify --checkpoint checkpoint" on the log itself, then compare the number of events).
- That what was recorded is true, and that the clock of the computer was right.
- Who holds the key.
- index.html, README.txt, check.py, and what declarations.json says under "declared": they are not
  signed. "indelible evidence verify" compares the first three with what the same version of the
  program writes.
- Which events were written together as one commit: the tree does not have that.
`
}
