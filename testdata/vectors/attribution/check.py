#!/usr/bin/env python3
"""Checks the form of the vectors: digests, IDs, references, answers.

It needs Python 3 alone, and checks no signature and no rule: those are what an
implementation under test is for. Exit code 0 when all is well, 1 when not.
"""
import base64
import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SHARED = {"objects.json", "envelopes.json", "stages.json"}
STEP = {"id", "envelope", "objects", "at", "received", "faults"}
BASE = "https://github.com/deedlog/deed/spec/"
SIGNED_BY = {  # the member that names the signer; persons, but where a service or the register signs
    "compromise": "by", "erasure": "by", "person": "by", "issuer": "by", "policy": "by", "agent": "by", "instruction": "person", "approval": "person",
    "administrators": "by", "refusal": "person", "provider": "by", "account": "by",
    "action": "agent", "trigger": "recorder", "token": "recorder", "countersignature": "by",
}
WORKLOADS = {"action", "trigger", "token", "countersignature"}  # by their SPIFFE ID alone
wrong = []


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def want(ok, where, what):
    if not ok:
        wrong.append(f"{where}: {what}")


def load(name):
    return json.loads((HERE / name).read_bytes())


def signer(predicate, kind):
    """The name of the signer as it enters the ID, or None for a kind that is not known here."""
    if kind in ("genesis", "root"):
        return "server:" + predicate["log"]
    party = predicate.get({"warrant": "issuer", "revocation": "by"}.get(kind, ""))
    if isinstance(party, dict):
        return party["id"] if party["kind"] == "svid" else party["kind"] + ":" + party["id"]
    if kind not in SIGNED_BY:
        return None
    if kind in WORKLOADS or "recorded_by" in predicate:
        return predicate.get("recorded_by", predicate[SIGNED_BY[kind]])
    return "person:" + predicate[SIGNED_BY[kind]]


def identify(envelope):
    payload = base64.b64decode(envelope["payload"], validate=True)
    statement = json.loads(payload)
    kind = statement["predicateType"].removeprefix(BASE).removesuffix("/v1")
    name = signer(statement["predicate"], kind)
    if name is None:
        return None
    kinds = envelope["payloadType"].encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(kinds), kinds, len(payload), payload)
    return "id:" + hashlib.sha256(b"deed/envelope/v1\0" + hashlib.sha256(pae).digest() + name.encode()).hexdigest()


def check_step(where, step, logged):
    want(set(step) <= STEP, where, f"members {sorted(step)}")
    want(step["envelope"] in envelopes, where, "its envelope is missing")
    for o in step.get("objects", []):
        want(o in objects or o in envelopes, where, f"object {o} is missing")
        used.add(o)
    used.add(step["envelope"])
    got = identify(envelopes[step["envelope"]])
    want(got in (None, step["id"]), where, f"the ID is {got}")
    want(logged or "faults" not in step, where, "faults of the statement under test stand in expect")
    want(step.get("received", step["at"] + 1) != step["at"], where, "received is at")


objects, envelopes, stages = load("objects.json"), load("envelopes.json"), load("stages.json")
used = set()
for name, data in objects.items():
    want(digest(base64.b64decode(data, validate=True)) == name, "objects.json", name)
for name, envelope in envelopes.items():
    text = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    want(digest(text.encode()) == name, "envelopes.json", name)
    want(len(envelope["signatures"]) == 1, "envelopes.json", name + " has not one signature")
for name, steps in stages.items():
    for i, step in enumerate(steps):
        check_step(f"stage {name}, step {i}", step, True)
names = set()
for path in sorted(HERE.glob("*.json")):
    if path.name in SHARED:
        continue
    for v in load(path.name):
        where = v["name"]
        want(where not in names and where.startswith(path.stem + "/"), where, "the name")
        names.add(where)
        want(v["stage"] == "" or v["stage"] in stages, where, "the stage")
        want(v["why"] and v["rule"], where, "no rule or no reason")
        for i, step in enumerate(v["steps"]):
            check_step(f"{where}, step {i}", step, True)
        check_step(where, v["test"], False)
        want(set(v["expect"]) in ({"refused"}, {"logged"}), where, "not one answer")
        if "logged" in v["expect"]:
            answer = v["expect"]["logged"]
            want((answer["effect"] == "allow") == (answer["faults"] == []), where, "effect and faults")
            want(answer["faults"] == sorted(set(answer["faults"])), where, "faults are not ascending")
want(used >= set(objects) | set(envelopes), "objects", f"{len((set(objects) | set(envelopes)) - used)} that no vector names")
for line in wrong:
    print(line, file=sys.stderr)
print(f"{len(names)} vectors, {len(envelopes)} envelopes, {len(objects)} objects: {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
