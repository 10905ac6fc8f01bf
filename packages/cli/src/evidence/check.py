#!/usr/bin/env python3
"""Checks a bundle of evidence with nothing but Python 3. The signature is checked with openssl.

    python3 check.py [KEY ...]      in the folder of the unpacked bundle

KEY is a public key that must have signed, as text: name+id+base64. README.txt explains each step.
It ends with 0 if all is right, with 1 if not, with 2 if the signature could not be checked.
"""
import base64, hashlib, json, os, struct, subprocess, sys, tempfile
from datetime import datetime, timedelta
from uuid import UUID

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ["events.ndjson", "keys.ndjson", "checkpoint", "declarations.json", "about.json",
         "index.html", "README.txt", "check.py", "SHA256SUMS"]
EVENT = {"position", "stream", "version", "type", "schemaVersion", "recordedAt", "tags", "contentType", "metadata", "id"}


class Wrong(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Wrong(message)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def bytes_of(text):
    decoded = base64.b64decode(text, validate=True)
    need(base64.b64encode(decoded).decode() == text, "not base64 in its one form")
    return decoded


def once(pairs):
    need(len(dict(pairs)) == len(pairs), "a member stands twice")
    return dict(pairs)


def content(name):
    with open(os.path.join(HERE, name), "rb") as file:
        return file.read()


def lines_of(text):
    """Python itself also takes other characters for the end of a line."""
    lines = text.decode().split("\n")
    need(lines.pop() == "", "a last line is cut")
    return lines


def check_sums():
    expected = {}
    for line in lines_of(content("SHA256SUMS")):
        digest, name = line.split("  ")
        expected[name] = digest
    need(set(expected) == set(FILES) - {"SHA256SUMS"}, "SHA256SUMS does not name exactly the files of a bundle")
    for name, digest in expected.items():
        running = hashlib.sha256()
        with open(os.path.join(HERE, name), "rb") as file:
            for part in iter(lambda: file.read(1 << 20), b""):
                running.update(part)
        need(running.hexdigest() == digest, f"{name} is not the file that SHA256SUMS names")


def leaf_of(event, data, metadata):
    """The leaf that the members of an event make (docs/proofs.md, "The leaf of an event")."""
    at = datetime.strptime(event["recordedAt"], "%Y-%m-%dT%H:%M:%S.%fZ")
    need(str(UUID(event["id"])) == event["id"], "its id is not in its one form")
    need(at.isoformat(timespec="milliseconds") + "Z" == event["recordedAt"], "its time is not in its one form")
    ms = at - datetime(1970, 1, 1)
    texts = [event[name].encode() for name in ("stream", "type", "contentType")]
    texts.append(event.get("validAt", "").encode())
    u48 = lambda number: struct.pack("<Q", number)[:6]
    head = struct.pack("<BBH", 1, len(event["tags"]), event["schemaVersion"])
    head += u48(event["position"]) + u48(event["version"]) + u48(ms // timedelta(milliseconds=1))
    head += struct.pack("<4H", *map(len, texts)) + b"\0\0" + UUID(event["id"]).bytes
    tags = b"".join(struct.pack("<H", len(tag.encode())) + tag.encode() for tag in event["tags"])
    return head + sha256(metadata) + sha256(data) + b"".join(texts) + tags


def root_of(index, size, leaf, path):
    """RFC 9162, section 2.1.3.2."""
    need(index < size, "it is after the events that were signed")
    node, last, found = index, size - 1, sha256(b"\0", leaf)
    for sibling in path:
        need(last > 0, "its proof is too long")
        if node & 1 or node == last:
            found = sha256(b"\1", sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = sha256(b"\1", found, sibling)
        node, last = node >> 1, last >> 1
    need(last == 0, "its proof is too short")
    return found


def check_lines(name, size, root):
    """Yields the events of a file whose every line is proved."""
    stream, version, position, before = None, 0, 0, []
    with open(os.path.join(HERE, name), "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                need(line.endswith(b"\n"), "the line is cut")
                one = json.loads(line, object_pairs_hook=once)
                event, proof = one["event"], one["proof"]
                need(set(one) == {"event", "leaf", "proof"} and set(proof) == {"hashes", "shared"}, "unknown members")
                payload = {"data"} if "data" in event else {"dataBase64"}
                need(set(event) - {"validAt"} == EVENT | payload, "members are missing or unknown")
                data = event["data"].encode() if "data" in event else bytes_of(event["dataBase64"])
                need(0 <= proof["shared"] <= len(before), "it shares more hashes than there are")
                path = [bytes_of(each) for each in proof["hashes"]] + before[len(before) - proof["shared"]:]
                leaf = bytes_of(one["leaf"])
                need(root_of(event["position"] - 1, size, leaf, path) == root, "it does not lead to the signed root")
                need(leaf_of(event, data, event["metadata"].encode()) == leaf, "it is not as it was signed")
                need(event["version"] == version + 1, f"version {version + 1} is missing before it")
                need(event["position"] > position, "the events are not in their order")
                need(stream in (None, event["stream"]), "it is of another stream")
            except Wrong as wrong:
                raise Wrong(f"{name}, line {number}: {wrong}")
            except Exception as error:
                raise Wrong(f"{name}, line {number}: not an event with its proof ({error!r})")
            stream, version, position, before = event["stream"], event["version"], event["position"], path
            yield event


def verified(key, message, signature):
    """Whether a key signed, by openssl. None without openssl."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("der", "message", "signature")}
        for name, value in (("der", bytes.fromhex("302a300506032b6570032100") + key),
                            ("message", message), ("signature", signature)):
            with open(paths[name], "wb") as file:
                file.write(value)
        try:
            return subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths["der"], "-rawin",
                 "-in", paths["message"], "-sigfile", paths["signature"]], capture_output=True).returncode == 0
        except FileNotFoundError:
            return None


def signatures_of(lines):
    """The name, id and bytes of each signature line."""
    found = []
    for line in lines:
        dash, name, encoded = line.split(" ")
        need(dash == "\u2014", "a line of the checkpoint is not a signature")
        found.append((name, bytes_of(encoded)[:4].hex(), bytes_of(encoded)[4:]))
    return found


def check_signature(text, signatures, key):
    """One key, as text, must have signed the checkpoint."""
    name, identity, body = key.split("+", 2)
    kind, public = bytes_of(body)[0], bytes_of(body)[1:]
    need(sha256(name.encode(), b"\n", bytes_of(body))[:4].hex() == identity, f"{key} is not a key")
    for signer, signer_identity, signature in signatures:
        if (signer, signer_identity) != (name, identity):
            continue
        message = text
        if kind == 4:  # a witness: a time before the text
            message = b"cosignature/v1\ntime %d\n" % struct.unpack(">Q", signature[:8])[0] + text
            signature = signature[8:]
        right = verified(public, message, signature)
        need(right is not False, f"the signature of {name} is wrong")
        return right
    raise Wrong(f"{key} has not signed the checkpoint")


def main(keys):
    check_sums()
    note = content("checkpoint")
    text, _, signatures = note.rpartition(b"\n\n")
    text, signatures = text + b"\n", signatures_of(lines_of(signatures))
    origin, size, root = lines_of(text)[:3]
    size, root = int(size), bytes_of(root)
    records = list(check_lines("keys.ndjson", size, root))
    need(all(event["stream"] == "$operator-$tree" for event in records), "keys.ndjson is not about the keys")
    recorded = [json.loads(event["data"])["key"] for event in records if event["type"] == "$ProofKeyUsed"]
    signed = {name + "+" + identity for name, identity, _ in signatures}
    own = [key for key in recorded if "+".join(key.split("+")[:2]) in signed and key.startswith(origin + "+")]
    need(own, "no key that the log records has signed the checkpoint")
    count = 0
    for event in check_lines("events.ndjson", size, root):
        count += 1
    need(count > 0, "there are no events")
    about = json.loads(content("about.json"))
    need((about["stream"], about["events"]) == (event["stream"], count), "about.json is about other events")
    checked = [check_signature(text, signatures, key) for key in [*own, *keys]]
    print(f"The {count} events of {event['stream']} are in the log {origin} of {size} events, unchanged and without a gap.")
    if not all(checked):
        print("The signature was NOT checked: openssl is not here. See README.txt, step 2.")
        return 2
    for key in [*own, *keys]:
        print(f"Signed by {key}")
    if not keys:
        print("The keys come from the bundle itself. Compare them with a key that you got in another way.")
    return 0


def checked(keys):
    """The exit code."""
    try:
        return main(keys)
    except Wrong as wrong:
        print(f"WRONG: {wrong}")
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"WRONG: the bundle is damaged ({error!r})")
    return 1


if __name__ == "__main__":
    sys.exit(checked(sys.argv[1:]))
