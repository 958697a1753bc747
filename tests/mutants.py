"""Breaks each guard of the client, one at a time: its tests must fail. Run by scripts/mutants.

Exit code: 0 every mutant was killed, 1 one survived or couldn't be tried.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COPIED = ["overrides", "generated_client", "tests", "codegen", "pyproject.toml", "openapi.yaml"]

# (module, tests that must notice) → each guard as it stands, and without its effect.
TABLE: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("config", "fault_calls"): [
        ("return \"Secret('[redacted]')\"", "return self._value"),
        (
            'raise TypeError("an API key doesn\'t pickle; see the client option `pickle_api_key`")',
            "return Secret, (self._value,)",
        ),
        ("_check_limits(evolved)", "pass"),
        ("_check_limits(config)\n    return", "return"),
        ("if self.pickle_api_key:", "if True:"),
        (
            "return ipaddress.ip_address(host).is_loopback",
            "return bool(ipaddress.ip_address(host))",
        ),
        ('return host == "localhost"', 'return host.startswith("localhost")'),
        ("if not isinstance(key, str):", "if False:"),
        ("if not key or len(key)", "if len(key)"),
        ("len(key) > MAX_KEY_LENGTH or ", ""),
        ('"!" <= char <= "~"', '"!" <= char'),
        ('"!" <= char <= "~"', 'char <= "~"'),
        ("if not isinstance(text, str):", "if False:"),
        ("(httpx.InvalidURL, ValueError)", "ValueError"),
        (' in ("https", "http") and url.host', " and url.host"),
        (' in ("https", "http") and url.host', ' in ("https", "http")'),
        (r"""(re.search(r"[\s\\]", text), """, "(False, "),
        ('("@" in text, ', "(False, "),
        ('"?" in text or "#" in text', '"#" in text'),
        ('"?" in text or "#" in text', '"?" in text'),
        ("0 < url.port <= 65535", "0 <= url.port <= 65535"),
        ("0 < url.port <= 65535", "0 < url.port"),
        ("(plain, ", "(False, "),
        ("not (allow_http or is_loopback(url.host))", "not is_loopback(url.host)"),
        ("isinstance(seconds, float | int) and not", "not"),
        (" and not isinstance(seconds, bool)", ""),
        ("not 0 < seconds <= MAX_TIMEOUT", "not seconds <= MAX_TIMEOUT"),
        ("not 0 < seconds <= MAX_TIMEOUT", "not 0 < seconds"),
        ('_check_int("max_retries", config.max_retries, least=0, most=100)', "pass"),
        ("max_retries, least=0, most=100", "max_retries, least=0, most=2**62"),
        (
            '_check_int("max_response_bytes", config.max_response_bytes, least=1',
            "(lambda *_, **__: 0)(least=1",
        ),
        ("not isinstance(value, int) or ", ""),
        ("isinstance(value, bool) or ", ""),
    ],
    ("config", "cli"): [
        ("if key is None:", "if False:"),
    ],
    ("config", "guards"): [
        ("(httpx.InvalidURL, ValueError)", "httpx.InvalidURL"),
        ('if key[:7].lower() == "bearer ":', "if False:"),
        ('if key[:7].lower() == "bearer ":', 'if key[:7] == "Bearer ":'),
    ],
    ("config", "fault_statuses"): [
        ('return text.replace(self._value, "[redacted]")', "return text"),
    ],
    ("usage", "fault_calls"): [
        ("if not isinstance(bid, str):", "if False:"),
        ("not 0 < len(bid) <= MAX_ID_LENGTH", "not len(bid) <= MAX_ID_LENGTH"),
        ("not 0 < len(bid) <= MAX_ID_LENGTH", "not 0 < len(bid)"),
        ('bid in (".", "..")', 'bid in (".",)'),
        ('bid in (".", "..")', 'bid in ("..",)'),
        (r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]", r"[\\\x00-\x1f\x7f-\x9f\ud800-\udfff]"),
        (r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]", r"[/\x00-\x1f\x7f-\x9f\ud800-\udfff]"),
        (r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]", r"[/\\\x7f-\x9f\ud800-\udfff]"),
        (r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]", r"[/\\\x00-\x1f\ud800-\udfff]"),
        (r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]", r"[/\\\x00-\x1f\x7f-\x9f]"),
        ('quote(bid, "")', "bid"),
    ],
    ("usage", "fault_bodies"): [
        ("body = answer.json_bytes()", "body = answer.content"),
        ("body.count(b'\"') == 16 * len(rows) + 2", "True"),
        ("not _UNUSUAL_COUNT.search(body)", "True"),
        ("{row.billing_id for row in rows} <= {bid}", "True"),
        ('"[0-9]{1,%d}")\' % MAX_COUNT_DIGITS', '"[0-9]+")\''),
        ("_check_keys_are_unique(answer, body, len(rows))", "pass"),
        ('b"\\\\" in body or body.count', "body.count"),
        ("body.count(b'\"data\"') != 1 or ", ""),
        (" or any(body.count(k) != count for k in _KEYS)", ""),
        ("_check_ids(answer, rows, bid)\n    totals", "totals"),
        ("len(text) > MAX_COUNT_DIGITS or ", ""),
        ("_DIGITS.fullmatch(text)", "_DIGITS.match(text)"),
        ('_DIGITS = re.compile(r"[0-9]+")', r'_DIGITS = re.compile(r"\d+")'),
        ("not _DAY.fullmatch(text)", "not _DAY.match(text)"),
        ("len(text) > 40 or not _DAY.fullmatch(text)", "len(text) > 40"),
        ("except ValueError:\n        return None", "except KeyError:\n        return None"),
        ("moment.utcoffset() == datetime.timedelta(0) and ", ""),
        (" and moment.time() == datetime.time()", ""),
        ("(len(text) > 10 and not utc_midnight) or ", ""),
        (" or moment.date().isoformat() != text[:10]", ""),
    ],
    ("usage", "properties"): [
        ("frozen=True, order=True, gc=False", "order=True, gc=False"),
        ("@attrs.frozen", "@attrs.define"),
    ],
    ("usage", "guards"): [
        ("UnicodeDecodeError, RecursionError)", "UnicodeDecodeError)"),
        ('b"\\\\" not in body', "True"),
        ("except (msgspec.DecodeError, RecursionError)", "except msgspec.DecodeError"),
    ],
    ("answer", "fault_bodies"): [
        ("shown = self.redact(", "shown = str("),
        ("text[: MAX_EXCERPT + MAX_KEY_LENGTH]", "text[:MAX_EXCERPT]"),
        ('media_type != "application/json" and not media_type.endswith("+json")', "False"),
        ('media_type.endswith("+json")', 'media_type.endswith("json")'),
        ("if not body.isascii():", "if False:"),
        ("body.decode(), object_pairs_hook", "body, object_pairs_hook"),
        ("object_pairs_hook=_unique, ", ""),
        ("parse_constant=_refuse_constant, ", ""),
        ("(ValueError, RecursionError)", "RecursionError"),
        ("(ValueError, RecursionError)", "ValueError"),
        ('elif self._encoding != "identity":', "elif False:"),
        ("if self._room < 0:", "if False:"),
        ("not self._inflate.eof", "False"),
        ("except zlib.error as", "except KeyError as"),
        ("if inflate.unused_data:", "if False:"),
        ("if len(members) < len(pairs):", "if False:"),
    ],
    ("answer", "guards"): [
        ("return printable(self.redact(name))", "return self.redact(name)"),
        (', b"set-cookie"}', "}"),
        ("decompress(chunk, self._room + 1)", "decompress(chunk)"),
    ],
    ("answer", "fault_statuses"): [
        ("printable(self.redact(name))", "printable(name)"),
        ("char if char.isprintable()", "char if True"),
        ('" ".join(text[: 8 * MAX_EXCERPT].split())', "text[: 8 * MAX_EXCERPT]"),
        ("line if len(line) <= MAX_EXCERPT", "line if True"),
    ],
    ("transport", "fault_calls"): [
        ("if _origin(request.url) != self._origin:", "if False:"),
        ("return url.scheme, url.host, url.port", "return url.scheme, url.host, None"),
        ('if pair[0].lower() != b"authorization"', "if True"),
        ('"Accept-Encoding": "gzip"', '"Accept-Encoding": "br"'),
    ],
    ("transport", "fault_statuses"): [
        (
            "contextlib.suppress(*(() if response.is_success else _READING_FAULTS))",
            "contextlib.suppress()",
        ),
        ("httpx.NetworkError, httpx.ProtocolError, ResponseV", "httpx.ProtocolError, ResponseV"),
        ("httpx.ProtocolError, ResponseValidationError)\n_CALL", "httpx.ProtocolError)\n_CALL"),
        ("answer.is_success and routes", "routes"),
        (" and routes.is_documented(call.operation, answer.status_code)", ""),
        ("printable(self._config.api_key.redact(message))", "printable(message)"),
        ("printable(self._config.api_key.redact(message))", "self._config.api_key.redact(message)"),
        ('body.decode("utf-8", "replace")', 'body.decode("utf-8")'),
        (
            "(ValueError, TypeError, LookupError, RecursionError)",
            "(TypeError, LookupError, RecursionError)",
        ),
        (
            "(ValueError, TypeError, LookupError, RecursionError)",
            "(ValueError, LookupError, RecursionError)",
        ),
        (
            "(ValueError, TypeError, LookupError, RecursionError)",
            "(ValueError, TypeError, LookupError)",
        ),
        ("if isinstance(error, str):", "if False:"),
        ("if not isinstance(error, dict):", "if False:"),
        ("type(code) is int and", "isinstance(code, int) and"),
        (" and abs(code) < 2**63", ""),
        ("if isinstance(message, str) and message else text", "if message else text"),
        (" if status in HTTPStatus._value2member_map_", " if True"),
        ("isinstance(outcome, httpx.Response)", "False"),
        (
            '"retry": self._retry.until(call.deadline)',
            '"retry": self._retry.until(call.deadline + 3)',
        ),
    ],
    ("transport", "fault_bodies"): [
        ("response.is_success else _READING_FAULTS", "False else _READING_FAULTS"),
    ],
    ("transport", "fault_wire"): [
        ("(httpx.TransportError, OSError, UnicodeError)", "(OSError, UnicodeError)"),
        ("(httpx.TransportError, OSError, UnicodeError)", "(httpx.TransportError, UnicodeError)"),
        ("(httpx.TransportError, OSError, UnicodeError)", "(httpx.TransportError, OSError)"),
        ("httpx.NetworkError, httpx.ProtocolError, ResponseV", "httpx.TransportError, ResponseV"),
        ("DEADLINE.set(call.deadline)", "DEADLINE.set(call.deadline + 1)"),
        ("link.__traceback__ = None", "pass"),
        ("link = link.__cause__ or link.__context__", "link = None"),
        ("failure.__cause__ = outcome", "pass"),
        (
            "isinstance(error, httpx.TimeoutException | TimeoutError)",
            "isinstance(error, TimeoutError)",
        ),
        (
            "isinstance(error, httpx.TimeoutException | TimeoutError)",
            "isinstance(error, httpx.TimeoutException)",
        ),
        ("anyio.fail_after(call.timeout)", "anyio.fail_after(call.timeout + 1)"),
    ],
    ("transport", "guards"): [
        (
            "(ValueError, TypeError, LookupError, RecursionError)",
            "(ValueError, TypeError, RecursionError)",
        ),
        ("if left <= 0:", "if False:"),
        ("self.status = None\n        bounds", "bounds"),
        ("return url.scheme, url.host, url.port", 'return "", url.host, url.port'),
        ("outgoing = httpx.Request.__new__(httpx.Request)", "outgoing = request"),
        ("response.is_success else min(self._limit, MAX_ERROR_BYTES)", "True else 0"),
        ('"read": left, ', '"read": 99, '),
        ('"pool": left}', '"pool": 99}'),
        ("bounds[name] = min(seconds, bounds[name])", "pass"),
        ("bounds[name] = min(seconds, bounds[name])", "bounds[name] = seconds"),
        ("printable(self._config.api_key.redact(str(error)))", "printable(str(error))"),
        (
            "printable(self._config.api_key.redact(str(error)))",
            "self._config.api_key.redact(str(error))",
        ),
        ("                response.close()", "                pass"),
        ("                await response.aclose()", "                pass"),
    ],
    ("retry", "fault_statuses"): [
        ("if time.monotonic() + seconds >= self.deadline:", "if seconds > 99:"),
        ("if math.isfinite(seconds)", "if True"),
        ("(KeyError, ValueError, OverflowError)", "(ValueError, OverflowError)"),
        ("(KeyError, ValueError, OverflowError)", "(KeyError, OverflowError)"),
        ("_STATUSES = (408, ", "_STATUSES = ("),
        ("asked or 0.0", "0.0"),
        ("retry.attempts_made += 1", "pass"),
    ],
    ("retry", "future_operations"): [
        ("504)\n", "504, 501, 507)\n"),
    ],
    ("retry", "guards"): [
        ("(KeyError, ValueError, OverflowError)", "(KeyError, ValueError)"),
    ],
    ("routes", "guards"): [
        ('key=lambda operation: operation.path.count("{")', "key=lambda operation: 0"),
        ('"[^/]+"', '".+"'),
        ('f"{status // 100}XX", "default"}', '"default"}'),
        ('f"{status // 100}XX", "default"}', 'f"{status // 100}XX"}'),
        ("if any(operation.path == path for _, operation in ROUTES):", "if False:"),
        ("if operation is None:", "if False:"),
    ],
    ("routes", "future_operations"): [
        ("operation.method == method and ", ""),
        ("pattern.fullmatch(path)", "pattern.match(path)"),
        ("return not {str(status)", "return True or not {str(status)"),
        ('{"", ".", ".."}.isdisjoint', '{".", ".."}.isdisjoint'),
        ('{"", ".", ".."}.isdisjoint', '{"", ".."}.isdisjoint'),
        ('{"", ".", ".."}.isdisjoint', '{"", "."}.isdisjoint'),
    ],
    ("network", "fault_wire"): [
        ("_tls_context(trust_env=config.trust_env)", "_tls_context(trust_env=True)"),
        (
            "_proxy(config.base_url) if https and config.trust_env",
            "_proxy(config.base_url) if config.trust_env",
        ),
        (
            "_proxy(config.base_url) if https and config.trust_env",
            "_proxy(config.base_url) if https",
        ),
        (
            "_tls_context(trust_env=config.trust_env) if https",
            "_tls_context(trust_env=config.trust_env) if True",
        ),
        ("if not (os.path.isfile(file)", "if False and not (os.path.isfile(file)"),
        ("except OSError as error:", "except KeyError as error:"),
        ("is_loopback(base_url.host) or ", ""),
        (" or urllib.request.proxy_bypass(host)", ""),
        ("if not proxy.url.host:", "if False:"),
        ("(ValueError, ImportError, httpx.InvalidURL)", "(ImportError, httpx.InvalidURL)"),
        ("(ValueError, ImportError, httpx.InvalidURL)", "(ValueError, httpx.InvalidURL)"),
        ("(ValueError, ImportError, httpx.InvalidURL)", "(ValueError, ImportError)"),
        ('("https", "all")', '("https",)'),
    ],
    ("network", "lifecycle"): [
        ("if closed:", "if False:"),
        (
            "        self._closed = True\n        if pool := self._pools.pop(os",
            "        if pool := self._pools.pop(os",
        ),
        (
            "        self._closed = True\n        if pool := self._pools.pop(anyio",
            "        if pool := self._pools.pop(anyio",
        ),
        ("            pool.close()", "            pass"),
        ("            await pool.aclose()", "            pass"),
        ("loop = anyio.lowlevel.current_token().native_token", "loop = AsyncPool"),
        ("del self._pools[other]", "pass"),
    ],
    ("network", "guards"): [
        ("_PIECE = 65_536", "_PIECE = 2**62"),
        ("self._pools.get(pid) or ", "next(iter(self._pools.values())) or "),
        ('raise error("the call\'s deadline has passed")', "left = 99"),
        ("pool._network_backend = _DeadlineBackend(pool._network_backend)", "pass"),
        ("_left(timeout, httpcore.ReadTimeout)", "timeout"),
        ("return _DeadlineStream(stream)", "return stream"),
        (
            "return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))",
            "return self._stream.start_tls(ssl_context, server_hostname, left)",
        ),
        ("isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed()", "loop.is_closed()"),
        ("_left(timeout, httpcore.WriteTimeout)", "timeout"),
        ("server_hostname, left))", "server_hostname, timeout))"),
        ("host, port, left, local_address", "host, port, timeout, local_address"),
        ("left if timeout is None else min(left, timeout)", "left"),
        ("pool._network_backend = _ClosingBackend(pool._network_backend)", "pass"),
        ("                await self._stream.aclose()\n", "                pass\n"),
        ("            raise\n", "            pass\n"),
        ("with self._opening:", "if True:"),
    ],
    ("connections", "lifecycle"): [
        ("                self._stream.close()", "                pass"),
        ("connection.is_idle() and not self._closed", "not self._closed"),
        ("connection.is_idle() and not self._closed", "connection.is_idle()"),
        ("        self._closed = True\n", ""),
        (
            "self._room.release()\n            raise\n        response.stream = _Lent(",
            "raise\n        response.stream = _Lent(",
        ),
        (
            "self._room.release()\n            raise\n        response.stream = _AsyncLent(",
            "raise\n        response.stream = _AsyncLent(",
        ),
        (
            "release()\n        if not self._idle.keep(connection):\n            connection",
            "release\n        if not self._idle.keep(connection):\n            connection",
        ),
        (
            "release()\n        if not self._idle.keep(connection):\n            await",
            "release\n        if not self._idle.keep(connection):\n            await",
        ),
    ],
    ("connections", "guards"): [
        (
            "connection.has_expired():\n                return connection\n            connection",
            "None:\n                return connection\n            connection",
        ),
        ("if time.monotonic() > self._sweep_at:", "if False:"),
        ("if connection.has_expired():", "if False:"),
        ('acquire(timeout=request.extensions["timeout"]["pool"])', "acquire()"),
        ("raise httpcore.PoolTimeout", "pass"),
        (
            "connection.has_expired():\n                return connection\n            await",
            "None:\n                return connection\n            await",
        ),
        ("                await self._stream.aclose()", "                pass"),
    ],
    ("errors", "fault_statuses"): [
        ("def __reduce__(self)", "def _reduce(self)"),
        ("error.__dict__.update(attributes)", "pass"),
        ("500 <= status_code <= 599", "500 <= status_code"),
        ("500 <= status_code <= 599", "status_code == 500"),
    ],
    ("errors", "guards"): [
        ("repr(text[:MAX_EXCERPT])", "repr(text)"),
        ("if len(quoted) > 2 * MAX_EXCERPT:", "if False:"),
    ],
    ("log", "log"): [
        (
            "if wanted not in _LEVELS:\n        raise",
            "if wanted not in _LEVELS:\n        return\n        raise",
        ),
        ("if not wanted:", "if False:"),
        ("if not any(isinstance(handler, logging.StreamHandler) for ", "if True or any(1 for "),
    ],
    ("transport", "log"): [
        ('_log.debug("the path', '_log.info("the path'),
        ("template = call.operation.path if", "template = call.path if"),
        ("self.tries += 1", "self.tries = 1"),
    ],
    ("client", "log"): [
        ("log.set_up()", "pass"),
    ],
    ("cli", "guards"): [
        ("    except KeyboardInterrupt:\n        code = 130\n    except B", "    except B"),
        ("code = code or failure", "code = failure"),
        ('errors="backslashreplace"', 'errors="strict"'),
        ('encoding="utf-8", newline=""', 'newline=""'),
        ('"allow_abbrev": False', '"allow_abbrev": True'),
    ],
    ("cli", "cli"): [
        (
            "except ConfigurationError as error:\n        code = _fail(error)",
            "except KeyError:\n        code = 2",
        ),
        ("except BrokenPipeError:", "except KeyError:"),
        (
            "        except KeyboardInterrupt:\n            code = 130",
            "        except KeyError:\n            code = 130",
        ),
        ("code = code or failure", "pass"),
        ("except (OneloopError, ValueError) as error:", "except OneloopError as error:"),
        ("return 3", "return 1"),
        ("return 2 if isinstance(error, ValueError) else 1", "return 1"),
        ("printable(row.name)", "row.name"),
        ("printable(name), str(n)", "name, str(n)"),
        ("except ImportError:", "except KeyError:"),
    ],
    ("api", "fault_calls"): [
        ('isinstance(self._httpx_args["transport"], SyncTransport)', "True"),
        ('isinstance(self._httpx_args["transport"], AsyncTransport)', "True"),
        ("(httpx.Client):\n    def build_request(", "(httpx.Client):\n    def _build_request("),
        (
            "(httpx.AsyncClient):\n    def build_request(",
            "(httpx.AsyncClient):\n    def _build_request(",
        ),
    ],
    ("client", "fault_calls"): [
        ('raise TypeError(f"a {type(self).__name__} with', 'str(f"'),
    ],
}


class Mutant(NamedTuple):
    """One guard, and what it becomes."""

    module: str
    tests: str
    text: str
    broken: str

    def __str__(self) -> str:
        return f"{self.module}.py: {self.text!r} → {self.broken!r}"


MUTANTS = [
    Mutant(module, tests, *change)
    for (module, tests), changes in TABLE.items()
    for change in changes
]


def main() -> int:
    """Try the mutants, print a line about each, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried at once (default: 2)")
    parser.add_argument("words", nargs="*", help="try only the mutants that contain one of these")
    options = parser.parse_args()
    chosen = [m for m in MUTANTS if any(word in str(m) for word in options.words or [""])]

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as threads:
        # Once: who edits the checkout meanwhile doesn't change what is tested.
        snapshot = Path(folder)
        copy(ROOT, snapshot)
        code, failed = run(snapshot, None, *sorted({mutant.tests for mutant in chosen}))
        if code != 0:
            say(f"without any mutant, {failed or 'something'} fails")
            return 1
        kills = 0
        for mutant, (killed, how) in zip(
            chosen, threads.map(lambda each: outcome(snapshot, each), chosen), strict=True
        ):
            kills += killed
            say(f"{how}\n          {mutant}")
    say(f"{kills} of {len(chosen)} mutants were killed")
    return 0 if kills == len(chosen) else 1


def outcome(snapshot: Path, mutant: Mutant) -> tuple[bool, str]:
    """Return whether a test killed the mutant, and a line about it."""
    try:
        code, failed = run(snapshot, mutant, mutant.tests)
    except LookupError as error:
        return False, f"STALE     {error}"
    if code == 1:
        return True, f"killed    {failed}"
    how = f"SURVIVED  {mutant.tests}" if code == 0 else f"BROKEN    pytest exits with {code}"
    return False, how


def run(snapshot: Path, mutant: Mutant | None, *tests: str) -> tuple[int, str]:
    """Run the tests in a copy with the mutant; return pytest's exit code and the test that failed.

    Raises:
        LookupError: the mutant's text doesn't stand in its module, or more than once.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copy(snapshot, folder)
        if mutant:
            apply(mutant, folder / "overrides" / "oneloop" / f"{mutant.module}.py")
        python = make_environment(folder)
        files = [f"tests/overrides/test_{name}.py" for name in tests]
        try:
            done = subprocess.run(
                [python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files],
                cwd=folder,
                capture_output=True,
                encoding="utf-8",
                timeout=180 * len(files),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 1, "the tests hang"
    failed = re.search(r"^(?:FAILED|ERROR) \S*?(test_.*?)(?: - |$)", done.stdout, re.MULTILINE)
    return done.returncode, failed[1] if failed else ""


def copy(source: Path, folder: Path) -> None:
    """Copy what the tests need."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, ignore=ignored)
        else:
            shutil.copy(source / name, folder / name)


def apply(mutant: Mutant, path: Path) -> None:
    """Break the guard in its module."""
    source = path.read_text("utf-8")
    if source.count(mutant.text) != 1:
        raise LookupError(f"stands {source.count(mutant.text)} times in {path.name}, not once")
    path.write_text(source.replace(mutant.text, mutant.broken), "utf-8")


def make_environment(folder: Path) -> Path:
    """Return a Python that has our packages but imports the folder's `oneloop`.

    PYTHONPATH wouldn't do: tests start programs with an environment of their own. Of a folder that
    a .pth file names, Python reads no .pth files: so the editable install doesn't count.
    """
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv/bin/python"
    python.with_name("ruff").symlink_to(Path(sys.executable).with_name("ruff"))
    places = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    paths = [folder / "overrides", folder / "generated_client", sysconfig.get_path("purelib")]
    packages = Path(sysconfig.get_path("purelib", vars=places))
    (packages / "mutants.pth").write_text("\n".join(map(str, paths)))
    question = "import importlib.util as util; print(util.find_spec('oneloop').origin)"
    found = subprocess.check_output([python, "-c", question], cwd=folder, text=True)
    if not Path(found.strip()).is_relative_to(folder):
        raise RuntimeError("the tests would import another oneloop")
    return python


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
