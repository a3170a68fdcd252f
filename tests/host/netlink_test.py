#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The netlink family three times: spec, header and kernel table agree. TAP on stdout.

The spec keeps to what the kernel's genetlink schema allows, so that its tools
(ynl) take it.
"""
import re
import subprocess
import sys
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]
SPEC = yaml.safe_load((TOP / "docs/netlink/se05x.yaml").read_text())
HEADER = (TOP / "include/uapi/linux/se05x.h").read_text()
KERNEL = (TOP / "kernel/se05x_netlink.c").read_text()

ATTRS = SPEC["attribute-sets"][0]
OPS = SPEC["operations"]["list"]
ALLOWED = {
    "": {"name", "doc", "protocol", "uapi-header", "definitions", "attribute-sets",
         "operations", "mcast-groups"},
    "definitions": {"name", "type", "doc", "value-start", "entries"},
    "attribute-sets": {"name", "name-prefix", "enum-name", "doc", "attributes"},
    "attributes": {"name", "type", "doc", "enum"},
    "operations": {"name", "doc", "attribute-set", "flags", "do", "dump", "event", "mcgrp"},
}


def c_name(prefix, name):
    return (prefix + name).upper().replace("-", "_")


def attr_name(name):
    return c_name(ATTRS["name-prefix"], name)


def op_name(op):
    return c_name(SPEC["operations"]["name-prefix"], op["name"])


def constants():
    """What the header must define, and as which number."""
    for definition in SPEC["definitions"]:
        for i, entry in enumerate(definition["entries"], definition.get("value-start", 0)):
            yield c_name(f"{SPEC['name']}-{definition['name']}-", entry), i
    for i, attr in enumerate(ATTRS["attributes"], 1):
        yield attr_name(attr["name"]), i
    for i, op in enumerate(OPS, 1):
        yield op_name(op), i
    yield "SE05X_A_MAX", len(ATTRS["attributes"])
    yield "SE05X_CMD_MAX", len(OPS)


def test_schema():
    """Only keys of the schema, only names that are defined"""
    assert SPEC["protocol"] == "genetlink"
    assert set(SPEC) <= ALLOWED[""], set(SPEC)
    for part in "definitions", "attribute-sets":
        for item in SPEC[part]:
            assert set(item) <= ALLOWED[part], item
    for attr in ATTRS["attributes"]:
        assert set(attr) <= ALLOWED["attributes"], attr
    names = {attr["name"] for attr in ATTRS["attributes"]}
    for op in OPS:
        assert set(op) <= ALLOWED["operations"] and op["doc"], op
        for part in op.get("do", {}), op.get("dump", {}):
            for message in part.values():
                assert set(message["attributes"]) <= names, op
        assert set(op.get("event", {}).get("attributes", [])) <= names, op
    enums = {definition["name"] for definition in SPEC["definitions"]}
    assert {attr["enum"] for attr in ATTRS["attributes"] if "enum" in attr} <= enums


def test_header_values():
    """The header has each constant of the spec with its value"""
    lines = ["#include <linux/se05x.h>"]
    lines += [f'_Static_assert({name} == {value}, "{name}");' for name, value in constants()]
    lines.append(f'_Static_assert(sizeof(SE05X_GENL_NAME) == {len(SPEC["name"]) + 1}, "name");')
    subprocess.run(["cc", f"-I{TOP}/include/uapi", "-fsyntax-only", "-xc", "-"],
                   input="\n".join(lines), text=True, check=True)


def test_header_complete():
    """The header has no netlink constant that the spec lacks"""
    known = {name for name, _ in constants()}
    for enum in "cmd", "attr", "event", "by", "rung", "state", "reset_kind":
        body = re.search(r"^enum se05x_%s {(.*?)^};" % enum, HEADER, re.S | re.M).group(1)
        names = set(re.findall(r"^\t(SE05X_\w+)", body, re.M))
        assert names and names <= known, names - known


def test_header_docs():
    """Types in the header's comments are those of the spec"""
    for attr in ATTRS["attributes"]:
        if attr["type"] != "pad":
            assert f" * @{attr_name(attr['name'])}: {attr['type']}, " in HEADER, attr


def test_names():
    """Family and group"""
    assert f'SE05X_GENL_NAME\t\t"{SPEC["name"]}"' in HEADER
    groups = [group["name"] for group in SPEC["mcast-groups"]["list"]]
    assert groups == re.findall(r'SE05X_MCGRP_\w+\t"(\w+)"', HEADER)
    mcgrps = re.search(r"mcgrps\[\] = {(.*?)};", KERNEL, re.S).group(1)
    assert re.findall(r"\.name = (\w+)", mcgrps) == [c_name("se05x-mcgrp-", g) for g in groups]


def test_kernel_ops():
    """The kernel's table: commands, do, dump, privilege, in the spec's order"""
    table = re.search(r"genl_small_ops ops\[\] = {(.*?)^};", KERNEL, re.S | re.M).group(1)
    have = [(re.search(r"\.cmd = (\w+)", op).group(1), ".doit" in op, ".dumpit" in op,
             "GENL_ADMIN_PERM" in op) for op in re.findall(r"\t{(.*?)\t}", table, re.S)]
    want = [(op_name(op), "do" in op, "dump" in op, "admin-perm" in op.get("flags", []))
            for op in OPS if "event" not in op]
    assert have == want, (have, want)


def test_kernel_policy():
    """The kernel takes the attributes that requests may have"""
    policy = re.search(r"nla_policy policy.*?= {(.*?)};", KERNEL, re.S).group(1)
    have = set(re.findall(r"\[(\w+)\] = { \.type = NLA_(\w+) }", policy))
    types = {attr["name"]: attr["type"].upper() for attr in ATTRS["attributes"]}
    want = {(attr_name(name), types[name]) for op in OPS
            for name in op.get("do", {}).get("request", {}).get("attributes", [])}
    assert have == want, (have, want)


def put_by(*functions):
    text = ""
    for function in functions:
        text += re.search(r"^static int %s\(.*?^}" % function, KERNEL, re.S | re.M).group(0)
    # a loop over the rungs puts the rest of them
    names = set(re.findall(r"\b(nla_put_u32|put_u64)\((?:skb), (SE05X_A_\w+)", text))
    return {(name, "u32" if how == "nla_put_u32" else "u64") for how, name in names}


def said_by(op, part):
    types = {attr["name"]: attr["type"] for attr in ATTRS["attributes"]}
    names = op[part]["attributes"] if part == "event" else op[part]["reply"]["attributes"]
    return {(attr_name(name), types[name]) for name in names
            if not name.startswith("rung-") or name == "rung-rnak"}


def test_kernel_replies():
    """What the kernel puts into each message, and with which type"""
    index = {("SE05X_A_INDEX", "u32")}
    for op, functions in zip(OPS, (["put_chip"], ["put_counters"], ["put_event"])):
        part = "event" if "event" in op else "do"
        assert put_by(*functions) | index == said_by(op, part), op["name"]
        if "dump" in op:
            assert said_by(op, "do") == said_by(op, "dump"), op["name"]


def test_secrets():
    """What moves with each APDU is in no public message"""
    private = set(next(op for op in OPS if "flags" in op)["do"]["reply"]["attributes"]) - {"index"}
    for op in OPS:
        if "flags" not in op:
            said = op["event"] if "event" in op else op["do"]["reply"]
            assert not private & set(said["attributes"]), op["name"]


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = False
    for i, (_, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {i} - netlink: {test.__doc__}")
        except Exception as error:  # whatever it is, the test has failed
            failed = True
            print(f"not ok {i} - netlink: {test.__doc__}\n# {error!r}")
    print(f"1..{len(tests)}")
    return failed


sys.exit(main())
