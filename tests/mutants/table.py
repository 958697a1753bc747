"""Every guard, as it stands and without its effect, and the tests that must notice.

What can't be told apart from outside isn't here: a second close of a socket that its end closes.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One guard, and what it becomes."""

    module: str
    """Below overrides/oneloop, or `scripts/…`."""
    tests: str
    """Their names in tests/overrides, with spaces between: `sync/targets` for one in a folder. Those
    of scripts are in tests/package."""
    text: str
    """Stands once in the module."""
    broken: str

    def __str__(self) -> str:
        return f"{self.module}.py: {self.text!r} → {self.broken!r}"

    @property
    def path(self) -> str:
        """The module's file."""
        folder = "" if self.module.startswith("scripts/") else "overrides/oneloop/"
        return f"{folder}{self.module}.py"

    @property
    def files(self) -> list[str]:
        """The tests' files."""
        named = [name.rpartition("/") for name in self.tests.split()]
        room = "package" if self.module.startswith("scripts/") else "overrides"
        return [f"tests/{room}/{folder}{slash}test_{name}.py" for folder, slash, name in named]


# (module, tests) → (text, broken)
TABLE: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("bulk", "bulk"): [
        ("return self._read - self._taken < self._limit", "return True"),
        ("number if self._ordered else self._taken + len(self._ready)", "len(self._ready)"),
        (
            "if isinstance(outcome, BaseException):\n            raise outcome",
            "if False:\n            pass",
        ),
        ("of_one_id and not isinstance(error, AuthenticationError)", "of_one_id"),
        ("of_one_id and not isinstance(error, AuthenticationError)", "False"),
        ("        self._stop.set()\n", ""),
        ("                    self._is_ending = True", "                    pass"),
        ("                    self._is_over = True  # no id", "                    pass  # no id"),
        ("                thread.join()", "                pass"),
        (
            "failure, is_over = error, True\n            else:\n                crew",
            "is_over = True\n            else:\n                crew",
        ),
        ("            group.cancel_scope.cancel()", "            pass"),
        ("            failure = error\n", "            raise\n"),
        ("bid, self._failure = _END, error", "bid = _END"),
        ("if isinstance(ids, str | bytes):", "if False:"),
        ("or concurrency < 1", ""),
    ],
    ("bulk", "result_streams"): [
        ("        if self._is_begun:\n", "        if False:\n"),
        ("        self._is_begun = True\n", ""),
        ("            if result.error is not None:", "            if False:"),
        ("str(results.failure) not in str(error)", "True"),
        ("str(results.failure) not in str(error)", "False"),
    ],
    ("_arrow", "frames"): [
        ("if any(map(pa.types.is_floating, wish.types)):", "if False:"),
        ("wish.__arrow_c_schema__()", "None"),
        ("nullable=False", "nullable=True"),
    ],
    ("_arrow", "result_streams"): [
        ("len(rows) >= _BATCH or ", ""),
        (" or time.monotonic() > due", ""),
        ("if failed:", "if False:"),
        ("    except GeneratorExit:  # the reader has enough\n        raise\n", ""),
    ],
    ("cluster/run", "cluster"): [
        ("if not isinstance(bid, str) or bid not in seen:", "if True:"),
        ("submit(itertools.islice(partitions, at_once))", "submit(partitions)"),
        ("float(rate // at_once)", "rate / at_once"),
        ("at_once = min(at_once, int(rate))", "pass"),
        ('dask_client.run(end, run.name, on_error="ignore")', "pass"),
        ('for unfinished in beside.glob(".*"):', "for unfinished in ():"),
        ("shutil.rmtree(beside, ignore_errors=True)", "pass"),
        ("if target.exists():", "if False:"),
        ("if isinstance(outcome, OneloopError):", "if False:"),
        ("or dask_client.asynchronous", ""),
    ],
    ("cluster/worker", "cluster"): [
        ("time.sleep(1 / rate)", "pass"),
        ("client: bytes = attrs.field(repr=False)", "client: bytes"),
        ("target: str | Path = attrs.field(repr=False)", "target: str | Path"),
        ("ids: list[str] = attrs.field(repr=False)", "ids: list[str]"),
        (".sort_by(key)", ""),
        ("map(storable, results)", "results"),
        ("if client:\n        client.close()", "if client:\n        pass"),
        ("if run.name not in _clients:", "if True:"),
    ],
    ("_http/pace", "bulk"): [
        ("self._next = moment + self._interval", "self._next = moment"),
        ("moment = max(now, self._next)", "moment = self._next"),
        ("not _SLOWEST <= rate < math.inf", "False"),
    ],
    ("_http/transport", "bulk"): [
        ("                yield Sleep(turn)\n", ""),
        ("pace or self._pace", "None"),
    ],
    ("_http/transport", "bulk_ends"): [
        ("                call.deadline += turn\n", ""),
    ],
    ("_http/waits", "bulk"): [
        ("            _poll(stop, READ, self.seconds)\n", "            time.sleep(self.seconds)\n"),
        (
            "stops: list[socket.socket | Stop] = [stop] if stop and stop is not sock else []",
            "stops: list[socket.socket | Stop] = []",
        ),
    ],
    ("_http/secret", "keys"): [
        ("return \"Secret('[redacted]')\"", "return self._value"),
        (
            'raise TypeError("an API key doesn\'t pickle; see the client option `pickle_api_key`")',
            "return Secret, (self._value,)",
        ),
        ("if not isinstance(self._value, str):", "if False:"),
        ('if self._value[:7].lower() == "bearer ":', "if False:"),
        ('if self._value[:7].lower() == "bearer ":', 'if self._value[:7] == "Bearer ":'),
        ('rf"[!-~]{{1,{MAX_KEY_LENGTH}}}"', 'rf"[!-~]{{0,{MAX_KEY_LENGTH}}}"'),
        ('rf"[!-~]{{1,{MAX_KEY_LENGTH}}}"', '"[!-~]+"'),
        ('rf"[!-~]{{1,{MAX_KEY_LENGTH}}}"', '"[!-\\U0010ffff]{1,4096}"'),
        ('rf"[!-~]{{1,{MAX_KEY_LENGTH}}}"', 'r"[\\x00-~]{1,4096}"'),
        ("re.fullmatch(", "re.match("),
        ('return _spellings(self).sub("[redacted]", text)', "return text"),
        (r"\\{{0,4}}{re.escape(char)}", r"\\{{0,4}}{char}"),
    ],
    ("_http/secret", "keys_that_come_back"): [
        ("re.IGNORECASE | re.ASCII", "re.ASCII"),
        (r"&\#(0{{0,4}}{code}|x0{{0,4}}{code:x});", r"&\#(x0{{0,4}}{code:x});"),
        (r"&\#(0{{0,4}}{code}|x0{{0,4}}{code:x});", r"&\#(0{{0,4}}{code});"),
        ('        re.escape(_IN_HTML.get(char, f"&#{code};")),\n', ""),
        ('        rf"%{code:02x}",\n', ""),
        ("(u00|x)", "(x)"),
        ("(u00|x)", "(u00)"),
        (r"\\{{0,4}}{re.escape(char)}", r"{re.escape(char)}"),
    ],
    ("_http/config", "keys"): [
        ("if self.pickle_api_key:", "if True:"),
        ("if problem := secret.problem():", "if (problem := None):"),
    ],
    ("_http/config", "options"): [
        ("        _ = url.host  # decodes", "        # decodes"),
        ("elif API_KEY_VARIABLE in os.environ:", "elif False:"),
        ("os.environ.get(BASE_URL_VARIABLE) or default", "default"),
        (
            "return ipaddress.ip_address(host).is_loopback",
            "return bool(ipaddress.ip_address(host))",
        ),
        ('return host == "localhost"', 'return host.startswith("localhost")'),
        ("if not isinstance(text, str):", "if False:"),
        ("(httpx.InvalidURL, ValueError)", "ValueError"),
        ("(httpx.InvalidURL, ValueError)", "httpx.InvalidURL"),
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
        ("isinstance(value, float | int) and not", "not"),
        ("int) and not isinstance(value, bool)", "int)"),
        ("not 0 < value <= MAX_TIMEOUT", "not value <= MAX_TIMEOUT"),
        ("not 0 < value <= MAX_TIMEOUT", "not 0 < value"),
        ("_int(0, 100)", "_int(0, 2**62)"),
        ("_int(0, 100)", "_int(-1, 100)"),
        ("_int(1, 2**62)", "_int(0, 2**62)"),
        ("_int(1, 65_535)", "_int(0, 65_535)"),
        ("_int(1, 65_535)", "_int(1, 2**62)"),
        ("not isinstance(value, int) or ", ""),
        ("isinstance(value, bool) or ", ""),
    ],
    ("_http/transport", "transports"): [
        ("if not isinstance(transport, cls.kind):", "if False:"),
    ],
    ("usage", "ids"): [
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
    ("usage", "parts_of_usage"): [
        ("        _check_rows(rows, billing_id)\n", ""),
        ("if row.billing_id != bid:", "if False:"),
        ("if not 0 <= row.total < 10**MAX_COUNT_DIGITS:", "if row.total < 0:"),
        ("if not 0 <= row.total < 10**MAX_COUNT_DIGITS:", "if row.total >= 10**38:"),
        (" or isinstance(value, datetime.datetime | bool)", ""),
        ("if end < start:", "if False:"),
        ("start <= row.day < end", "start <= row.day <= end"),
        ("if earlier.billing_id != self.billing_id:", "if False:"),
    ],
    ("usage", "usage"): [
        (' == 16 * count + 2 and b"\\\\" not in body', " == 16 * count + 2"),
        ("not _UNUSUAL_COUNT.search(body)", "True"),
        ("{row.billing_id for row in rows} <= {bid}", "True"),
        ('"[0-9]{1,%d}")\' % MAX_COUNT_DIGITS', '"[0-9]+")\''),
        ("_check_ids(answer, rows, bid)\n    totals", "totals"),
        ("len(text) > MAX_COUNT_DIGITS or ", ""),
        ("_DIGITS.fullmatch(text)", "_DIGITS.match(text)"),
        ('_DIGITS = re.compile(r"[0-9]+")', r'_DIGITS = re.compile(r"\d+")'),
        ("_DAY.fullmatch(text)", "_DAY.match(text)"),
        ("T00(:?00(:?00", "T[0-9]{2}(:?00(:?00"),
        ("(:?00([.,]0+)?)?", "(:?[0-9]{2}([.,]0+)?)?"),
        ("([.,]0+)?", "([.,][0-9]+)?"),
        ("(Z|[+-]00(:?00)?)", "(Z|[+-][0-9]{2}(:?00)?)"),
        ("(Z|[+-]00(:?00)?)", "(Z|[+-]00(:?00)?)?"),
        ("except ValueError:\n        return None", "except KeyError:\n        return None"),
    ],
    ("usage", "answer"): [
        ("body = answer.json_bytes()", "body = answer.body"),
        ("UnicodeDecodeError, RecursionError)", "UnicodeDecodeError)"),
        ("except (msgspec.DecodeError, RecursionError)", "except msgspec.DecodeError"),
        ("_check_keys_are_unique(answer, body, len(rows))", "pass"),
        ('b"\\\\" in body or not _has', "not _has"),
        (" and all(body.count(key) == count for key in _KEYS)", ""),
    ],
    ("usage", "partial_answers"): [
        ("if sign := sign_in_headers(answer.headers):", "if sign := None:"),
        ("if sign := sign_in_members(beside, len(rows)):", "if sign := None:"),
        ("{} if is_bare or _is_rows_alone(body) else", "{} if True else"),
    ],
    ("usage", "answer partial_answers properties"): [
        ("body.count(b'\"data\"') == 1 and ", ""),
        ('b"\\\\" not in body and _has_each', "_has_each"),
        ("body.count(b'\"') == 16 * count + 2 and ", ""),
    ],
    ("usage", "properties"): [
        ("frozen=True, order=True, gc=False", "order=True, gc=False"),
        ("@attrs.frozen", "@attrs.define"),
    ],
    ("_http/answer", "keys"): [
        ("got=self.call.redact(got)", "got=got"),
        ("excerpt(self.call.redact(shown), len(text))", "excerpt(shown, len(text))"),
        ("text[: MAX_EXCERPT + MAX_KEY_LENGTH * MAX_SPELLING]", "text[:MAX_EXCERPT]"),
        ("printable(self.call.redact(name))", "printable(name)"),
    ],
    ("_http/schema", "unions"): [
        ('schema["required"] = [*schema.get("required", ()), name]', "pass"),
        ("if _last(to) == variant_name", "if True"),
        ('{"allOf": [variant, {"properties": field}]}', "variant"),
    ],
    ("_http/answer", "numbers"): [
        ("parse_float=_number,", ""),
        ("if math.isinf(value):", "if False:"),
        ("if not value.is_integer():", "if False:"),
        ("except ArithmeticError:", "except KeyError:"),
        ("if exact == Decimal(repr(value)):", "if False:"),
        ("if exact == Decimal(repr(value)):", "if True:"),
        ("if exact == Decimal(repr(value)):", "if exact == value:"),
        ("if exact == exact.to_integral_value():", "if True:"),
    ],
    ("_http/schema", "answer"): [
        ('media_type.endswith("+json")', 'media_type.endswith("json")'),
    ],
    ("_http/answer", "answer"): [
        ("if not self.is_json:", "if False:"),
        ("if not self.body.isascii()", "if False"),
        ("body.decode(),", "body,"),
        ("object_pairs_hook=_unique,", ""),
        ("parse_constant=_refuse_constant,", ""),
        ("(ValueError, RecursionError)", "RecursionError"),
        ("(ValueError, RecursionError)", "ValueError"),
        ('elif self._encoding not in (b"", b"identity"):', "elif False:"),
        ("if self._room < 0:", "if False:"),
        ("self._is_empty or ", ""),
        (" or self._inflate.eof)", " or True)"),
        ("decompress(chunk, self._room + 1)", "decompress(chunk)"),
        ("except zlib.error as", "except KeyError as"),
        ("if not inflate.unused_data:", "if True:"),
        ("if len(members) < len(pairs):", "if False:"),
    ],
    ("_http/answer", "statuses"): [
        ("printable(self.call.redact(name))", "self.call.redact(name)"),
        ("200 <= status_code <= 299", "True"),
        ("limit if self.must_be_whole else min(limit, MAX_ERROR_BYTES)", "limit"),
        ("char if char.isprintable()", "char if True"),
        ('" ".join(text[: 8 * MAX_EXCERPT].split())', "text[: 8 * MAX_EXCERPT]"),
        ("return shortened(line)", "return line"),
    ],
    ("_http/answer", "wire"): [
        (', b"set-cookie"}', "}"),
    ],
    ("_http/transport", "keys"): [
        ("if _origin(request.url) != self._origin:", "if False:"),
        ("return url.scheme, url.host, url.port", "return url.scheme, url.host, None"),
        ("return url.scheme, url.host, url.port", 'return "", url.host, url.port'),
        ('if pair[0].lower() != b"authorization"', "if True"),
    ],
    ("_http/failure", "keys"): [
        ("printable(call.redact(str(fault)))", "printable(str(fault))"),
        ("printable(call.redact(str(fault)))", "call.redact(str(fault))"),
        ("printable(call.redact(message))", "printable(message)"),
        ("if any(call.redact(text) != text for", "if any(False for"),
        ("for text in (str(link), repr(link))", "for text in (str(link),)"),
        ("link = link.__cause__ or link.__context__", "link = None"),
    ],
    ("_http/headers", "answer"): [
        ('"Accept-Encoding": "gzip"', '"Accept-Encoding": "br"'),
    ],
    ("_http/transport", "statuses"): [
        ("if not (answer.is_success and routes", "if not (routes"),
        (" and routes.is_documented(call.operation, status)", ""),
    ],
    ("_http/failure", "statuses"): [
        ("printable(call.redact(message))", "call.redact(message)"),
        ('body.decode("utf-8", "replace")', 'body.decode("utf-8")'),
        *[
            ("(ValueError, TypeError, LookupError, RecursionError)", fewer)
            for fewer in (
                "(TypeError, LookupError, RecursionError)",
                "(ValueError, LookupError, RecursionError)",
                "(ValueError, TypeError, RecursionError)",
                "(ValueError, TypeError, LookupError)",
            )
        ],
        ("if isinstance(error, str):", "if False:"),
        ("if not isinstance(error, dict):", "if False:"),
        ("type(code) is int and", "isinstance(code, int) and"),
        (" and abs(code) < 2**63", ""),
        ("if isinstance(message, str) and message else text", "if message else text"),
        ('except ValueError:\n        return ""', 'except KeyError:\n        return ""'),
    ],
    ("_http/transport", "retries"): [
        ("if pause is None or", "if True or"),
        ("retry_after=failure.retry_after(answer) if", "retry_after=None if"),
    ],
    ("_http/transport", "retries transports"): [
        ("replayable=isinstance(request.body, bytes)", "replayable=True"),
        ("            sent=sent,", "            sent=True,"),
    ],
    ("_http/transport", "deadline"): [
        ("left=call.left()", "left=call.left() + 3"),
        ('request.extensions.get("timeout", _NO_BOUNDS)', "_NO_BOUNDS"),
    ],
    ("_http/failure", "deadline"): [
        ("isinstance(fault, TimeoutError |", "isinstance(fault,"),
    ],
    ("_http/failure", "wire"): [
        ("error.__cause__ = _keyless(call, fault)", "pass"),
        ("link.__traceback__ = None", "pass"),
    ],
    ("_http/failure", "transports deadline"): [
        ("TimeoutError | httpx.TimeoutException", "TimeoutError"),
    ],
    ("_http/transport", "wire"): [
        ("(OSError, httpx.TransportError, UnicodeError)", "(httpx.TransportError, UnicodeError)"),
        ("(OSError, httpx.TransportError, UnicodeError)", "(OSError, httpx.TransportError)"),
        ("isinstance(outcome, _PERMANENT)", "False"),
    ],
    ("_http/transport", "transports deadline"): [
        ("(OSError, httpx.TransportError, UnicodeError)", "(OSError, UnicodeError)"),
    ],
    ("_http/transport", "connections"): [
        ("if self._wire.closed:", "if False:"),
    ],
    ("_http/transport", "log"): [
        ("template=self.operation.path if", "template=self.path if"),
        ("call.tries += 1", "call.tries = 1"),
    ],
    ("_http/api", "methods results"): [
        ("if not isinstance(answer, Answer):", "if False:"),
        ("        return answer.untyped()\n", "        pass\n"),
        ('raise answer.fault("$", "what the generated models read", problem)', "raise KeyError"),
        ("return attrs.evolve(self, headers={**self._headers, **headers})", "return self"),
        ("return attrs.evolve(self, cookies={**self._cookies, **cookies})", "return self"),
    ],
    ("_http/answer", "methods results"): [
        ("tries=self.call.tries", "tries=1"),
        ("texts = [self.call.redact(text) for text in texts]", "pass"),
        (
            "        if not self.body:\n            return None\n        if self.is_json",
            "        if self.is_json",
        ),
        (
            'return self.text if self.media_type.startswith("text/") else self.body',
            "return self.body",
        ),
    ],
    ("_http/transport", "results"): [
        ("seconds=time.monotonic() - call.began", "seconds=0"),
    ],
    ("client", "results"): [
        (
            "self._http.evolve(self._config.evolve(changes)) if changes else self._http",
            "self._http",
        ),
    ],
    ("errors", "methods"): [
        ("    409: ConflictError,\n", ""),
        ("    422: UnprocessableEntityError,\n", ""),
    ],
    ("_http/retry", "retries"): [
        ("not tried.permanent if", "True if"),
        ("else tried.status in _PASSING", "else True"),
        ("not tried.sent or (", "("),
        ("(tried.idempotent and tried.replayable)", "tried.idempotent"),
        ("(tried.idempotent and tried.replayable)", "tried.replayable"),
        ("tried.number > max_retries or ", ""),
        ("(passing and safe)", "passing"),
        ("(passing and safe)", "safe"),
        ("max(tried.retry_after or 0.0, ", "max(0.0, "),
        (
            "max(tried.retry_after or 0.0, backoff(tried.number, jitter))",
            "tried.retry_after or 0.0",
        ),
        ("seconds if seconds < left else None", "seconds"),
        ("seconds < left", "seconds <= left"),
        ("min(_LONGEST_PAUSE, _FIRST", "max(_FIRST_PAUSE, _FIRST"),
        ("(1 - jitter / 2)", "1"),
        *[
            ("{408, 429, 500, 502, 503, 504}", fewer)
            for fewer in (
                "{429, 500, 502, 503, 504}",
                "{408, 500, 502, 503, 504}",
                "{408, 429, 502, 503, 504}",
                "{408, 429, 500, 503, 504}",
                "{408, 429, 500, 502, 504}",
                "{408, 429, 500, 502, 503}",
                "{408, 429, 500, 501, 502, 503, 504}",
            )
        ],
        ('"TRACE"}', '"TRACE", "POST"}'),
        ('"TRACE"}', '"TRACE", "PATCH"}'),
        *[(f'"{method}", ', "") for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")],
        ("        value and re.sub(", "        re.sub("),
        ('re.sub("[-_]", "", name).lower()', 're.sub("[-_]", "", name)'),
        ('re.sub("[-_]", "", name).lower()', "name.lower()"),
        ('.endswith("idempotencykey")', '.startswith("idempotencykey")'),
        ("            *parse_qsl(query),\n", ""),
        ('re.fullmatch("[0-9]+", ', 're.fullmatch(r"\\d+", '),
        ('re.fullmatch("[0-9]+", ', 're.match("[0-9]+", '),
        ("seconds if math.isfinite(seconds) else None", "seconds"),
        (
            "max(0.0, date.replace(tzinfo=date.tzinfo or datetime.UTC).timestamp() - now)",
            "date.replace(tzinfo=date.tzinfo or datetime.UTC).timestamp() - now",
        ),
        ("date.replace(tzinfo=date.tzinfo or datetime.UTC)", "date"),
        ("(ValueError, OverflowError)", "ValueError"),
        ("(ValueError, OverflowError)", "OverflowError"),
    ],
    ("_http/routes", "routes"): [
        ("key=lambda each: generality(each.path)", "key=lambda each: 0"),
        ('sum("{" in each for each in path.split("/"))', 'path.count("{")'),
        ('"[^/]+"', '".+"'),
        ('{str(status), f"{status // 100}XX"}', "{str(status)}"),
        ("if status not in _NAMED:", "if False:"),
        (
            'return "default" in documented and not any(key[0] in "123" for key in documented)',
            'return "default" in documented',
        ),
        (
            'return "default" in documented and not any(key[0] in "123" for key in documented)',
            "return True",
        ),
        ('key[0] in "123" for', 'key[0] == "2" for'),
        ('each.endswith(("/json", "+json")) or ', ""),
        (" or fnmatch(media_type, each)", ""),
    ],
    ("_http/routes", "bodies_sent"): [
        (', -len(re.sub(r"\\{.*?\\}", "", path))', ", 0"),
        (" and not any(pattern.fullmatch(path) for pattern, _ in ROUTES)", ""),
    ],
    ("_http/sending", "methods"): [
        ('return options | {"params": params | joined}', "return options"),
    ],
    ("_http/sending", "bodies_sent"): [
        ('options["content"] = b"null"', "pass"),
        (' and "content" not in options', ""),
        (' if name != "Content-Type"', ""),
        (" or not options.keys() & _BODIES", ""),
        ('headers.get("Content-Type") == _MULTIPART or ', ""),
        ("dict(client.cookies) | texts", "texts"),
        ("return value.isoformat()", "return str(value)"),
        ("else str(value)", "else json.dumps(value, default=str)"),
    ],
    ("_http/sending", "spec_gains"): [
        ('if getattr(file, "seekable", bool)():', "if True:"),
        ("if isinstance(file, io.TextIOBase):", "if False:"),
        ("if 0 < end <= position:", "if False:"),
        ("if 0 < end <= position:", "if end <= position:"),
        ('headers | {"Content-Length": f"{end - position}"}', "headers"),
    ],
    ("_http/answer", "bodies_sent"): [
        ("self.body.decode(encoding)", 'self.body.decode(encoding, "replace")'),
    ],
    ("_http/routes", "transports"): [
        ("if operation is None:", "if False:"),
    ],
    ("_http/routes", "future_operations"): [
        ("operation.method == method and ", ""),
        ("method and pattern.fullmatch(path)", "method and pattern.match(path)"),
        ("if empty or not", "if not"),
        ('{".", ".."}.isdisjoint', '{".."}.isdisjoint'),
        ('{".", ".."}.isdisjoint', '{"."}.isdisjoint'),
    ],
    ("_http/network", "wire"): [
        ("    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF\n", ""),
        ("trusted(trust_env=config.trust_env)", "trusted(trust_env=True)"),
        ("if https and not tls:", "if not tls:"),
        ("self._proxy = proxy if https else None", "self._proxy = proxy"),
        ("if https and not proxy and config.trust_env:", "if https and not proxy:"),
        (
            "if not (data := (yield from stream.receive(patience))):",
            "if not (data := (yield from stream.receive(patience))) and False:",
        ),
        (
            "if (file or folder) and not (os.path.isfile(file)",
            "if False and not (os.path.isfile(file)",
        ),
        ("except OSError as error:", "except KeyError as error:"),
        ("    if is_loopback(host):", "    if False:"),
        ('    if urllib.request.proxy_bypass(f"{host}:{port}"):', "    if False:"),
        ('("https", "all")', '("https",)'),
        ("if url is None or url.scheme", "if url.scheme"),
        (" or not url.host or", " or"),
    ],
    ("_http/network", "connecting"): [
        ("if not 200 <= event.status_code <= 299:", "if False:"),
        ("if http.trailing_data[0]:", "if False:"),
        (' or url.scheme != "http"', ""),
        ("if url.userinfo:", "if False:"),
    ],
    ("_http/stream", "connecting"): [
        (
            'max(patience.left("connect") / (len(addresses) - index), _LEAST_SHARE)',
            'patience.left("connect")',
        ),
        ("patience.within(share)", "patience"),
        ("            stream.close()\n            failure = error", "            stream.close()"),
        ("            failure = error\n            continue", "            raise"),
    ],
    ("_http/network", "deadline"): [
        ("self._proxy, patience.within(CONNECT_TIMEOUT)", "self._proxy, patience"),
    ],
    ("_http/stream", "forks"): [
        ("if self._pid != os.getpid():", "if False:"),
    ],
    ("_http/stream", "wire"): [
        ("suppress_ragged_eofs=False", "suppress_ragged_eofs=True"),
        ("server_hostname=host", "server_hostname=None"),
        ("raise OSError(code, os.strerror(code))", "pass"),
    ],
    ("_http/stream", "deadline"): [
        ("    patience = patience.within(CONNECT_TIMEOUT)\n", ""),
        ("handshake = patience.within(CONNECT_TIMEOUT)", "handshake = patience"),
    ],
    ("_http/stream", "connections"): [
        (
            "            return True\n        except OSError",
            "            return False\n        except OSError",
        ),
        (
            "            return False\n        return False",
            "            return False\n        return True",
        ),
        (
            "            return False\n        return False",
            "            return True\n        return False",
        ),
    ],
    ("_http/waits", "deadline"): [
        (
            "deadline=min(self.deadline, time.monotonic() + seconds)",
            "deadline=time.monotonic() + seconds",
        ),
        ("if left <= 0:", "if False:"),
        ("left = left if bound is None else min(left, bound)", "pass"),
        (
            "left = left if bound is None else min(left, bound)",
            "left = left if bound is None else bound",
        ),
        ("anyio.move_on_after(self.seconds) as scope", "anyio.move_on_after(9) as scope"),
        ("self.event, self.seconds)", "self.event, 9)"),
        ("anyio.fail_after(self.seconds)", "anyio.fail_after(9)"),
    ],
    ("_http/connection", "stale_answers"): [
        ("set(http.states.values()) == {h11.DONE}", "True"),
        ('http.trailing_data == (b"", False)', "True"),
        ("len(framings) < 2", "True"),
    ],
    ("_http/connection", "connections"): [
        ("time.monotonic() - self._idle_since < KEEPALIVE_SECONDS and ", ""),
        (" and stream.is_quiet()", ""),
        (
            "            if stream and not self._idle:\n                stream.close()\n",
            "            pass\n",
        ),
        ("if self._idle and self._idle_since <= moment:", "if False:"),
        ("if self._idle and self._idle_since <= moment:", "if self._idle:"),
    ],
    ("_http/connection", "wire"): [
        (
            "(ConnectionError, ssl.SSLError, h11.RemoteProtocolError, ResponseValidationError)",
            "(ConnectionError, h11.RemoteProtocolError, ResponseValidationError)",
        ),
        ("reader is None or reader.must_be_whole", "reader is None"),
        ("max_incomplete_event_size=_MAX_HEAD_BYTES", "max_incomplete_event_size=2**40"),
        (
            "if not (yield from _more(exchange, stream, http)) and reader is None:",
            "if not (yield from _more(exchange, stream, http)) and False:",
        ),
        (
            "    except ConnectionError:\n        return False",
            "    except KeyError:\n        return False",
        ),
    ],
    ("_http/connection", "memory"): [
        ("printable(problem)", "problem"),
        (
            "            problem = str(error)\n",
            "            raise ProtocolError(str(error)) from error\n",
        ),
    ],
    ("_http/connection", "statuses"): [
        ("if reader is None or reader.must_be_whole:", "if True:"),
        *[
            (
                "(ConnectionError, ssl.SSLError, h11.RemoteProtocolError, ResponseValidationError)",
                fewer,
            )
            for fewer in (
                "(ssl.SSLError, h11.RemoteProtocolError, ResponseValidationError)",
                "(ConnectionError, ssl.SSLError, ResponseValidationError)",
                "(ConnectionError, ssl.SSLError, h11.RemoteProtocolError)",
            )
        ],
    ],
    ("_http/connection", "future_operations"): [
        ("exchange.sent = True\n        yield from _write", "yield from _write"),
    ],
    ("_http/connection", "retries"): [
        ("exchange.sent = True\n    chunks", "chunks"),
    ],
    ("_http/pool", "forks processes"): [
        ("self._shares.get(pid) or ", "next(iter(self._shares.values()), None) or "),
    ],
    ("_http/pool", "deadline"): [
        ('patience = patience.within(patience.left("pool"))', "pass"),
    ],
    ("_http/pool", "pool"): [
        ('min(patience.left("pool"), _TICK)', 'patience.left("pool")'),
        ("while self._next() and (connection", "if self._next() and (connection"),
        (
            "                        self.give_back(connection)\n",
            "                        turn.give(connection)\n",
        ),
        ("            if given:\n                self.give_back(given)\n", ""),
        ("turn.is_over = True  # first of all", "pass  # first of all"),
        ("if not self._next() and (connection", "if (connection"),
        ("if turn.give(connection):", "if turn.waits:"),
        ("return not (self.connection or self.is_over)", "return not self.is_over"),
        ("                    gc.collect()", "                    pass"),
        ("self._all = [alive for alive in self._all if alive() is not None]", "pass"),
        ("except RuntimeError:  # its event loop is over", "except KeyError:"),
        ("            self.is_over = True\n            return False", "            return True"),
        ("if pid == os.getpid():", "if True:"),
    ],
    ("_http/pool", "connections"): [
        ("                share.give_back(connection)", "                pass"),
        ("        self.closed = True\n        if share", "        if share"),
        ("            share.close()", "            pass"),
        ("            if self._closed:\n                connection.close()\n", ""),
        ("if connection.is_open:", "if True:"),
        ("if connection.is_open:", "if False:"),
        ("            self._closed = True\n", ""),
        (
            "                connection.close()\n\n    def __del__",
            "                pass\n\n    def __del__",
        ),
        ("            connection.close()\n\n    def _next", "            pass\n\n    def _next"),
        (
            "            with self._lock:\n                given = turn.connection\n",
            "            given = turn.connection\n",
        ),
        ("        self._sweep()\n", ""),
        ("if now > self._sweep_at:", "if False:"),
        ("        if len(self._all) >= self._limit:\n            return None\n", ""),
        ("        self._all.append(weakref.ref(connection))\n", ""),
    ],
    ("_http/foreign", "transports"): [
        ("        self.closed = True\n", ""),
        ("yield _Close(self._transport)", "yield from ()"),
        (", *exchange.unseen.reveal()]", "]"),
        ("exchange.sent = True\n", "pass\n"),
        ("exchange.sent = not isinstance(error, _UNSENT)", "pass"),
        ("                request.headers.pop(name, None)\n", "                pass\n"),
        ("            response.close()", "            pass"),
        ("                await response.aclose()", "                pass"),
        ("() if reader.must_be_whole else _BROKEN_OFF", "()"),
        ("() if reader.must_be_whole else _BROKEN_OFF", "_BROKEN_OFF"),
        *[
            ("(httpx.NetworkError, httpx.ProtocolError, ResponseValidationError)", fewer)
            for fewer in (
                "(httpx.ProtocolError, ResponseValidationError)",
                "(httpx.NetworkError, ResponseValidationError)",
                "(httpx.NetworkError, httpx.ProtocolError)",
            )
        ],
        *[
            ("(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.Unsu", fewer)
            for fewer in (
                "(httpx.ConnectTimeout, httpx.PoolTimeout, httpx.Unsu",
                "(httpx.ConnectError, httpx.PoolTimeout, httpx.Unsu",
                "(httpx.ConnectError, httpx.ConnectTimeout, httpx.Unsu",
            )
        ],
    ],
    ("_http/foreign", "deadline"): [
        ('extensions={"timeout": bounds}', "extensions={}"),
        ('                    self.exchange.patience.left("read")\n', ""),
        (
            "anyio.fail_after(self.exchange.patience.deadline - time.monotonic())",
            "anyio.fail_after(9)",
        ),
    ],
    ("errors", "statuses"): [
        ("def __reduce__(self)", "def _reduce(self)"),
        ("error.__dict__.update(attributes)", "pass"),
        ("500 <= status_code <= 599", "500 <= status_code"),
        ("500 <= status_code <= 599", "status_code == 500"),
    ],
    ("errors", "usage"): [
        ("repr(text[:MAX_EXCERPT])", "repr(text)"),
        ("shortened(repr(text[:MAX_EXCERPT]), 2 * MAX_EXCERPT)", "repr(text[:MAX_EXCERPT])"),
    ],
    ("_http/log", "log"): [
        ("if level is None:\n        raise", "if level is None:\n        return\n        raise"),
        (".get(wanted.upper())", ".get(wanted)"),
        ("if not wanted:", "if False:"),
        ("if not any(isinstance(handler, logging.StreamHandler) for ", "if True or any(1 for "),
        ("_logger.addHandler(logging.NullHandler())", "pass"),
        ('_logger.debug("the path', '_logger.info("the path'),
    ],
    ("client", "log"): [
        ("set_up()\n        config", "config"),
    ],
    ("client", "transports"): [
        ('raise TypeError(f"a {type(self).__name__} with', 'str(f"'),
    ],
    ("_http/keywords", "wrong_keywords"): [
        ("if len(args) > 1 or wrong", "if wrong"),
        (" or wrong is not None:", ":"),
        ("            del args, options, wrong\n", ""),
        ("None if len(args) > 1 else wrong", "wrong"),
        ("repr(wrong) if wrong.isidentifier() and", "repr(wrong) if"),
        (" and len(wrong) <= 40 else", " else"),
        ('type(args[0]).__name__ if name == "__init__" else name', "name"),
        ('return name.replace("_", "").lower()', "return name"),
        ("        names |= dict", "        dict"),
        ("if close else None", "if False else None"),
        ("    @functools.wraps(method)\n", ""),
    ],
    ("_http/keywords", "keys_that_come_back default_headers"): [
        ('("api_key", "default_headers", "proxy", "user_agent")', '("default_headers", "proxy")'),
        ('("api_key", "default_headers", "proxy", "user_agent")', '("api_key", "proxy")'),
    ],
    ("_http/headers", "default_headers"): [
        ("if not isinstance(headers, Mapping):", "if False:"),
        ("        if size > MAX_HEADER_BYTES:", "        if False:"),
        ('None if len(names) == len(headers) else "has a header twice"', "None"),
        ("isinstance(name, str) and isinstance(value, str)", "isinstance(name, str)"),
        ("isinstance(name, str) and isinstance(value, str)", "isinstance(value, str)"),
        ("if key.is_in(name) or key.is_in(value):", "if key.is_in(name):"),
        ("if key.is_in(name) or key.is_in(value):", "if key.is_in(value):"),
        ("if not re.fullmatch(_TOKEN, name):", "if False:"),
        ("if not re.fullmatch(_TOKEN, name):", "if not re.match(_TOKEN, name):"),
        ("A-Za-z-]{1,100}", "A-Za-z-]{1,}"),
        ("if words := _refusal(_folded(name)):", "if words := None:"),
        ("if value and not _VALUE.fullmatch(value):", "if False:"),
        ("if value and not _VALUE.fullmatch(value):", "if not _VALUE.match(value):"),
        ('name.lower().replace("_", "-")', 'name.replace("_", "-")'),
        ('name.lower().replace("_", "-")', "name.lower()"),
        ('if retry.is_idempotent("POST"', 'if False and retry.is_idempotent("POST"'),
        ('    (r"proxy-.*", "is for a proxy: give it in proxy"),\n', ""),
        ("|cookie2?", ""),
        ("|transfer-encoding", ""),
        ("|content-.*", ""),
        ("|accept(-encoding)?", ""),
        ("host|connection", "connection"),
        ("range|if-.*", "range"),
        ('    (r"user-agent", "is this client\'s: add to it by user_agent"),\n', ""),
        ("if not isinstance(text, str):", "if False:"),
        ("if key.is_in(text):", "if False:"),
        ("len(text) > MAX_USER_AGENT or ", ""),
        ('re.fullmatch(f"{_PRODUCT}', 're.match(f"{_PRODUCT}'),
        ("        products.append(user_agent.reveal())\n", "        pass\n"),
    ],
    ("_http/secret", "default_headers"): [
        ("if pair[0].lower() not in names", "if True"),
        ("len(self._value) >= _LEAST_TELLING and ", ""),
        ("self._value == text or (", "("),
        (" and self._value in text)", " and False)"),
    ],
    ("_http/config", "default_headers"): [
        ("dict(value) if isinstance(value, Mapping) else value", "value"),
        ('            "user_agent": self.user_agent and self.user_agent.reveal(),\n', ""),
    ],
    ("_http/transport", "default_headers"): [
        ("self._unseen.beside(headers)", "self._unseen"),
    ],
    ("_http/config", "own_connections"): [
        ("if self.ssl_context is not None:", "if False:"),
        (" and not self.pickle_api_key:", ":"),
        ('if self.proxy and "@" in self.proxy.reveal()', "if self.proxy"),
        ('if self.proxy and "@" in self.proxy.reveal() and', "if False and"),
    ],
    ("_http/network", "own_connections"): [
        ("            _checked(self._tls)", "            pass"),
        ("if (tls or proxy) and not (https or is_loopback(self.host)):", "if False:"),
        (" or is_loopback(self.host)):", "):"),
        ("self._tls = tls if https else None", "self._tls = tls"),
        ("if not isinstance(context, ssl.SSLContext):", "if False:"),
        ("context.protocol != ssl.PROTOCOL_TLS_CLIENT", "False"),
        ("context.verify_mode != ssl.CERT_REQUIRED", "False"),
        ("(not context.check_hostname, ", "(False, "),
        ("if context.minimum_version >= ssl.TLSVersion.TLSv1_2:", "if True:"),
        ("context.options & ssl.OP_IGNORE_UNEXPECTED_EOF", "False"),
        ("if not isinstance(text, str) or ", "if "),
        (r' or re.search(r"\s", text)', ""),
        ('url.raw_path != b"/" or ', ""),
        (" or url.fragment:", ":"),
        ("with contextlib.suppress(h11.RemoteProtocolError):", "if True:"),
    ],
    ("_http/secret", "own_connections"): [
        ('b"".join([b"%b: %b\\r\\n" % pair for pair in self._headers])', 'b""'),
    ],
    ("_http/stream", "own_connections"): [
        ('not in (None, "http/1.1")', "is not encrypted and False"),
    ],
    ("_http/pool", "own_connections"): [
        ("limit or MAX_CONNECTIONS", "MAX_CONNECTIONS"),
    ],
    ("_http/transport", "own_connections"): [
        ("if getattr(config, name) is not None:", "if False:"),
    ],
    ("_http/hooks", "event_hooks"): [
        ("if not isinstance(given, Mapping):", "if False:"),
        ("if not all(event in EVENTS for event in given):", "if False:"),
        ("isinstance(hooks, list | tuple) and ", ""),
        (" and all(map(callable, hooks))", ""),
        ("            inspect.iscoroutinefunction(hook)\n            or ", "            "),
        ("event: tuple(hooks) for", "event: hooks for"),
        (
            "isinstance(result := hook(self.event), Awaitable):\n                getattr",
            "(result := hook(self.event)) and False:\n                getattr",
        ),
        ('getattr(result, "close", int)()', "pass"),
        ("                await result\n", "                pass\n"),
    ],
    ("_http/log", "event_hooks"): [
        ("isEnabledFor(logging.INFO)", "isEnabledFor(logging.ERROR)"),
    ],
    ("_http/transport", "event_hooks"): [
        ("if not (self.awaits or self._hooks.are_plain()):", "if False:"),
        (" or call.left() <= pause:", ":"),
        ("if self._hooks or log.is_on():", "if True:"),
        ("if self._hooks or log.is_on():", "if log.is_on():"),
        ("path=self.redact(self.path)", "path=self.path"),
        (
            "        if pause is not None:\n            yield Tell",
            "        if True:\n            yield Tell",
        ),
        ("        yield Tell(self._hooks.response, event)\n", ""),
        ("            if self._hooks.request:", "            if False:"),
    ],
    ("sync/run", "sync/sync sync/targets"): [
        ("if result.usage is not None and (fault := _fault(result.usage)):", "if (fault := None):"),
        ("if not isinstance(result.error, TypeError | ValueError):", "if True:"),
        (
            "            if result.billing_id in self._batch.asked:\n                self._write()\n",
            "",
        ),
        (
            "        except DatabaseError:\n            raise\n        except Exception:\n            self._finish()\n            raise",
            "        except DatabaseError:\n            raise",
        ),
        ("if isinstance(bid, str) and bid in fresh:", "if bid in fresh:"),
        ("known = [bid for bid in some if _is_id(bid)]", "known = list(some)"),
        ("if first.setdefault((row.day, row.name), index) != index:", "if False:"),
        ('if "\\0" in row.name:', "if False:"),
        ('if max_age is not None and not 0 <= max_age < float("inf"):', "if False:"),
        ("if not isinstance(client, Oneloop):", "if False:"),
        (
            "            failure = error\n        if not some",
            "            pass\n        if not some",
        ),
    ],
    ("sync/run", "cli_sync"): [
        ("            store.interrupt()\n", ""),
    ],
    ("sync/store", "sync/sync sync/targets"): [
        ("where u.total <> f.total", "where true"),
        ('    where billing_usage.total <> excluded.total"', '"'),
        ("coalesce(excluded.fetched_at, billing_usage_ids.fetched_at)", "excluded.fetched_at"),
        ("case when error is null then now() end", "now()"),
        ("billing_usage_asked where error is null)", "billing_usage_asked)"),
        ("greatest(excluded.changed_at, billing_usage.changed_at)", "excluded.changed_at"),
        (
            "and not exists (select 1 from billing_usage_fetched f\n        where f.billing_id = u.billing_id and f.day = u.day and f.name = u.name)",
            "",
        ),
        ("                self._change(_DELETE_GONE)\n", ""),
        ("between 0 and {max_age:f}", "<= {max_age:f}"),
        ('        if ("billing_usage_layout", "version") not in there:', "        if False:"),
        ("        if versions != [LAYOUT]:", "        if False:"),
        ("                if found != want:", "                if False:"),
        ("new=stored - restated", "new=stored"),
    ],
    ("sync/duckdb", "sync/targets"): [
        ("        if self._real in self._open:", "        if False:"),
        ("finally:\n            self._open.discard(self._real)\n", "finally:\n            pass\n"),
        ("        if not is_there:", "        if False:"),
        ("os.path.realpath(path)", "path"),
        ("                self._require_file()\n", ""),
    ],
    ("sync/postgres", "sync/targets"): [
        ("suppress(psycopg.Error):  # it", "suppress(KeyError):  # it"),
        ("IsolationLevel.READ_COMMITTED", "IsolationLevel.SERIALIZABLE"),
        ('schema.startswith("pg_temp")', "False"),
        ('if encoding != "UTF8":', "if False:"),
        ("            self._connection.execute(_TURN)\n", ""),
        ("    set local lock_timeout = '60s';\n", ""),
    ],
    ("sync/target", "sync/targets"): [
        ("        except BusyError:\n            if", "        except KeyError:\n            if"),
    ],
    ("export/work", "sync/export"): [
        ("where i.error is null", ""),
        ("join wanted using (billing_id)", ""),
        ("        if self.is_done:", "        if True:"),
        ("        if self.is_done:", "        if False:"),
        ('.replace("\'", "\'\'")', ""),
        (
            "        except OSError as error:\n            raise DatabaseError",
            "        except KeyError as error:\n            raise DatabaseError",
        ),
        ("            part.unlink(missing_ok=True)", "            pass"),
    ],
    ("export/__init__", "sync/export"): [
        ("            prune=True", "            prune=False"),
        ("work.is_done = not counts.failed", "work.is_done = True"),
        ('if spreadsheet and path.suffix != ".csv":', "if False:"),
        ("if not os.path.isdir(path.parent):", "if False:"),
        ("if os.path.exists(path) and not os.path.isfile(path):", "if False:"),
    ],
    ("cli/many", "cli_sync"): [
        ('"utf-8-sig" if number == 1 else "utf-8"', '"utf-8"'),
        ("        if bid:\n", "        if True:\n"),
        ("    if is_empty:", "    if False:"),
        ("and all(map(os.path.isfile, files))", ""),
        ("            codes.insert(0, 130)", "            pass"),
        ("            codes.append(exit_code(result.error))\n", ""),
    ],
    ("cli/progress", "cli_sync"): [
        ("        if now - self._told >= _EVERY:", "        if True:"),
        ("_bar(total) if sys.stderr.isatty() else None", "None"),
    ],
    ("cli/__init__", "cli"): [
        (
            "    except KeyboardInterrupt:\n        code = 130\n    sys",
            "    except KeyError:\n        code = 130\n    sys",
        ),
        ("    fill_closed_streams()\n    try", "    try"),
        ('        say("")', "        pass"),
        ("except OSError:  # of stderr", "except KeyError:  # of stderr"),
        (
            "except ConfigurationError as error:\n        return fail(error)",
            "except KeyError:\n        return 2",
        ),
    ],
    ("cli/parser", "cli"): [
        ('"allow_abbrev": False', '"allow_abbrev": True'),
    ],
    ("cli/parser", "cli_help"): [
        ("        if not arguments:", "        if False:"),
        ('        if not name.startswith("-"):', "        if False:"),
        ("{name[:80]!a}", "{name}"),
        (
            "shutil.get_terminal_size().columns, _WIDEST)",
            "shutil.get_terminal_size().columns, 400)",
        ),
    ],
    ("cli/usage", "cli"): [
        ('if options.spreadsheet and kind != "csv":', "if False:"),
        ("        self._codes.append(exit_code(error))\n", ""),
        ("next(iter(self._codes), 0)", "next(reversed(self._codes), 0)"),
        ('"utf-8" if kind == "csv" else None', "None"),
    ],
    ("cli/usage", "cli_usage"): [
        (
            "        except KeyboardInterrupt:\n            self._codes",
            "        except KeyError:\n            self._codes",
        ),
        ("[ids] if options.rate else [itertools.islice(ids, 1), ids]", "[ids]"),
        ("ordered=True", "ordered=False"),
        ("is_whole=not self._codes", "is_whole=True"),
        ("        if self._out.is_begun:", "        if True:"),
        (' or (suffix if suffix in NAMES else "table")', ' or "table"'),
    ],
    ("cli/output", "cli_usage"): [
        ("if self.is_lost or not self.is_begun:", "if self.is_lost:"),
        ("if isinstance(error, BrokenPipeError):", "if False:"),
        ("    stack.callback(_removed, name)\n", ""),
        ("os.path.realpath(named)", "named"),
        ("        os.chmod(name, stat.S_IMODE(mode))", "        pass"),
        ("if mode is not None and not stat.S_ISREG(mode):", "if False:"),
    ],
    ("cli/writer", "cli_usage"): [
        ("                    self._outcome(_GRACE)\n", ""),
    ],
    ("cli/writer", "cli"): [
        ('"backslashreplace"', '"strict"'),
        ('getattr(getattr(stream, "buffer", stream), "raw", stream)', "stream"),
    ],
    ("cli/screen", "cli_usage"): [
        ("has_blocks=is_terminal and _is_utf8(stream.encoding)", "has_blocks=is_terminal"),
        ("has_blocks=is_terminal and _is_utf8(stream.encoding)", "has_blocks=True"),
        ("not (console.no_color or console.legacy_windows)", "True"),
        ('or os.environ.get("TERM"))', "or True)"),
        ('return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1', "return 1"),
        ('if unicodedata.category(char) in ("Mn", "Me"):', "if False:"),
    ],
    ("cli/table", "cli_usage"): [
        ("max(1, total * columns // largest)", "(total * columns // largest)"),
        ("max(1, total * columns * 8 // largest)", "total * columns * 8 // largest"),
        ("    if not total:\n", "    if False:\n"),
        ("self._is_narrow = self._room() < wanted", "self._is_narrow = False"),
        ("        if not self._screen.is_terminal:", "        if False:"),
        ("        self._fitted[-2] = min(name, _LEAST_NAME)", "        pass"),
    ],
    ("cli/table", "cli"): [
        ("return escaped(shortened(text))", "return shortened(text)"),
        (" or {_NO_USAGE: 0}", ""),
    ],
    ("cli/parts", "cli_usage"): [
        ("if start and end and end <= start:", "if False:"),
        ("end <= start", "end < start"),
        ("if end is None:", "if False:"),
        ('re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)', "True"),
    ],
    ("cli/api", "cli_profiles"): [
        (
            "own_url = None if account.url_from == BASE_URL_VARIABLE else account.base_url",
            "own_url = None",
        ),
        ("    if options.profile is not None:\n        yield", "    if False:\n        yield"),
        ("    elif API_KEY_VARIABLE in os.environ:", "    elif False:"),
        ("    if options.sandbox:", "    if options.sandbox and False:"),
    ],
    ("cli/profile_file", "cli_profiles"): [
        ("if status.st_mode & 0o077:", "if status.st_mode & 0o044:"),
        ("if status.st_mode & 0o077:", "if status.st_mode & 0o007:"),
        ("if status.st_uid != os.geteuid():", "if False:"),
        ("if not stat.S_ISREG(status.st_mode):", "if False:"),
        ("len(data) <= _LARGEST", "True"),
        ('"utf-8-sig"', '"utf-8"'),
        ("    except RecursionError:\n", "    except KeyError:\n"),
        ("if not table.keys() <= _ENTRIES:", "if False:"),
        ("if document or not isinstance(tables, dict):", "if not isinstance(tables, dict):"),
        ("if problem := secret.problem():", "if problem := None:"),
    ],
    ("cli/doctor/checks", "cli_doctor"): [
        ("done.get(timeout=max(seconds, 0))", "done.get()"),
        ("is_barred or finding.status == FAILED", "is_barred"),
        (
            "if account.key_from == API_KEY_VARIABLE and os.environ.get(PROFILE_VARIABLE):",
            "if False:",
        ),
        ("        client(stand_in, 1).close()", "        pass"),
    ],
    ("cli/doctor/way", "cli_doctor"): [
        ("share=0.5", "share=1.0"),
        ("if days < _SOON:", "if False:"),
        ("if abs(seconds) <= _APART:", "if True:"),
        ("trusted(trust_env=True)", "trusted(trust_env=False)"),
        ("            self._http.set_tunnel(*host_and_port(self.url), login)", "            pass"),
        ("        self._http.sock = sock\n", ""),
    ],
    ("cli/doctor/answer", "cli_doctor"): [
        ("    elif error.code is None:", "    elif False:"),
        ("(400, 403, 404)", "(400, 403, 404, 429)"),
    ],
    ("cli/doctor/installed", "cli_doctor"): [
        ("            if not is_extra:", "            if True:"),
        ("    while release and not release[-1]:\n        release.pop()\n", ""),
    ],
    ("cli/streams", "cli"): [
        ("if sys.stdin is None:", "if False:"),
        ("if sys.stdout is None:", "if False:"),
        ("if sys.stderr is None:", "if False:"),
        ("except BrokenPipeError:", "except KeyError:"),
        ("code = code or 1", "pass"),
        ("code = code or 1", "code = 1"),
        ("with contextlib.suppress(OSError):", "with contextlib.suppress():"),
        ('errors="backslashreplace"', 'errors="strict"'),
        ("        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())\n", ""),
        ("(OSError, KeyboardInterrupt)", "OSError"),
    ],
    ("cli/failures", "cli"): [
        ("return 2 if isinstance(error, ValueError | TypeError) else 1", "return 1"),
        ("{escaped(str(error))}", "{error}"),
        ("return 3", "return 1"),
    ],
    ("_spreadsheet", "cli"): [
        ("(?:^|(?<=[;\\n]))", "^"),
        ("\\uff1d\\uff0b\\uff0d\\uff20", ""),
    ],
    ("sync/store", "sync/export"): [
        (' and error is null"""', '"""'),
    ],
    ("_spreadsheet", "sync/export"): [
        ("(^|[;\\n])", "^"),
    ],
    ("cli/formats", "cli"): [
        ('.replace("\\x7f", r"\\u007f")', ""),
        ("if spreadsheet else str", "if False else str"),
        ("self._shown = escaped if terminal else str", "self._shown = str"),
        (r'line.removesuffix("\r\n") + "\n"', "line"),
    ],
    ("_http/api", "options"): [
        ('isinstance(self._httpx_args["transport"], SyncTransport)', "True"),
        ('isinstance(self._httpx_args["transport"], AsyncTransport)', "True"),
    ],
    ("_http/api", "ids"): [
        (
            "return super().request(*args, **sending.sendable(self, cookies, options))\n\n    def build_request(",
            "return super().request(*args, **sending.sendable(self, cookies, options))\n\n    def _build_request(",
        ),
        (
            "return await super().request(*args, **sending.sendable(self, cookies, options))\n\n    def build_request(",
            "return await super().request(*args, **sending.sendable(self, cookies, options))\n\n    def _build_request(",
        ),
    ],
    ("sandbox/requests", "sandbox_specs"): [
        ("if not (any(given) if key is None else key in given):", "if False:"),
        ('if scheme.lower() == "bearer"', "if True"),
        ("or {} in operation.security", ""),
        ('node.value.get("required"):', "False:"),
        ("if unknown := [name for name, _ in pairs if name not in known]:", "if unknown := []:"),
        ("if flaw := self._schemas.flaw(self._schema, value):", "if flaw := None:"),
        (
            "if flaw := schemas.flaw(schema, value):\n        raise",
            "if flaw := None:\n        raise",
        ),
        ("        elif len(texts) > 1:", "        elif False:"),
        ("        if len(texts) > 1:", "        if False:"),
        ("not (fields or name in known)", "not fields"),
        ("if node is None:", "if node is None and not contents:"),
        ('(is_json(media_type) or media_type in ("", *_FORMS))', "False"),
        ("    if not request.body:", "    if not request.body and not content_type:"),
        (".lower() in _HTTPS_OWN", ".lower() in ()"),
        ('if text.lower() in ("true", "false"):', "if False:"),
        ('"string" not in kinds or len(texts) > 1', '"string" not in kinds'),
    ],
    ("sandbox/answers", "sandbox sandbox_specs"): [
        ("if is_success_by_default(responses) else []", 'if "default" in responses else []'),
        ('elif flaw := spec.responses.flaw(media.at("schema"), value):', "elif flaw := None:"),
        ('header.value.get("required") and', ""),
        ('if key[:1] == "2"]', 'if key == "200"]'),
        (
            "next((each for each in contents if is_json(_plain(each[0]))), contents[0])",
            "contents[0]",
        ),
        (
            'schemas.sample(media.at("schema"), examples)',
            '(examples or [schemas.sample(media.at("schema"))])[0]',
        ),
        ("and schemas.flaw(schema, changed) is None", ""),
    ],
    ("sandbox/sample", "samples"): [
        (" * above.times > _LARGEST", " > _LARGEST"),
        ("above.times * max(size, 1))", "above.times)"),
        ("if first_flaw(validator, value) is None)", ")"),
        ("            if value is not _NOTHING:", "            if True:"),
        ("if not above.refs.isdisjoint(refs):", "if False:"),
        ("if name not in required and not self._is_hidden(schema)", "if name not in required"),
    ],
    ("sandbox/server", "sandbox"): [
        ("if len(body) > _MOST_BODY_BYTES:", "if False:"),
        ("if peer.they_are_waiting_for_100_continue:", "if False:"),
        ("except h11.RemoteProtocolError as error:", "except ZeroDivisionError as error:"),
        ("behind, _ = peer.trailing_data", 'behind = b""'),
    ],
    ("sandbox/server", "testing_kit"): [
        ("elif stopped.wait(min(step, threading.TIMEOUT_MAX)):", "elif stopped.wait(0):"),
        ("if script.end is End.RESET:", "if False:"),
    ],
    ("sandbox/api", "sandbox"): [
        ("except Exception as error:", "except KeyError as error:"),
    ],
    ("sandbox/requests", "testing_kit"): [
        ("(any(given) if key is None else key in given)", "(key is None or key in given)"),
    ],
    ("testing/fake", "testing_kit"): [
        ("                fault.left -= 1\n", "                pass\n"),
        ("return self.bid is None or self.bid == bid", "return True"),
        ("times = 1 if times is None else times", "pass"),
        ("retry_after = 0 if retry_after is None else retry_after", "pass"),
        ("            self._port.shut()\n", ""),
        ("            self._port.reopen()\n", ""),
        ("        self._clients.callback(client.close)\n", ""),
        ("        self._clients.callback(_close, client)\n", ""),
        ("        self._port.close()\n", ""),
    ],
    ("testing/faults", "testing_kit"): [
        ("if isinstance(fault, bool) or not", "if not"),
        ("if not 201 <= fault <= 999:", "if False:"),
        ("elif fault not in FAULTS:", "elif False:"),
        ("if fault == REFUSED and not", "if False and not"),
        ("(type(times) is not int or times < 1)", "times < 1"),
        ("fault not in THEN_RIGHT:", "False:"),
        ("if not (text.isascii() and text.isprintable()):", "if False:"),
        ("if fault not in SECONDS:", "if False:"),
        ("if not value >= 0:", "if value < 0:"),
    ],
    ("testing/given", "testing_kit"): [
        ("    request_line(bid)\n", ""),
        ("if given.billing_id != bid:", "if False:"),
        ("if read is None:", "if False:"),
        ("if isinstance(name, str) and not _is_text(name):", "if False:"),
        ("and not isinstance(given, str | bytes)", ""),
    ],
    ("testing/memory", "testing_kit"): [
        ("if self._peer.their_state is h11.SEND_RESPONSE:", "if False:"),
    ],
    ("testing/port", "testing_kit"): [
        ("                self._hold()\n", ""),
    ],
    ("scripts/build", "build"): [
        ("    if changed:\n        raise", "    if False:\n        raise"),
        ("if tag != f\"v{project['version']}\":", "if False:"),
        ("if contents[0] != contents[1]:", "if False:"),
        ('"--cached", "--others", "--exclude-standard"', '"--cached", "--others"'),
    ],
    ("scripts/fit", "release"): [
        ("if branch != BRANCH:", "if False:"),
        ('if changed := git("status", "--porcelain").splitlines():', "if changed := []:"),
        ('if git.ask("merge-base", "--is-ancestor", commit, "HEAD").returncode:', "if False:"),
        ("if here != commit:", "if False:"),
        ("    if remote.returncode:\n", "    if False:\n"),
    ],
    ("scripts/release", "release"): [
        ("if plan and not problems:", "if plan:"),
        ('if next_version(version, honest, "none") != version:', "if False:"),
        ("if written is None and not notes:", "if False:"),
        ("if written is not None and notes:", "if False:"),
        ("[*_since(git, last), *surface.said(notes)]", "surface.said(notes)"),
        ("[*_since(git, last), *surface.said(notes)]", "_since(git, last)"),
        ("if known.is_file() and entry in known", "if known.is_file() and gate in known"),
        ("        with known.open", '        with Path("/dev/null").open'),
        ('if git("status", "--porcelain") or git', "if git"),
        ("    if code:\n", "    if False:\n"),
        ('"--sign" if signed else', '"--sign" if False else'),
        (', "--cleanup=verbatim"', ""),
    ],
    ("scripts/surface", "release"): [
        ("for name in before.keys() - after", "for name in ()"),
        ("for name in after.keys() - before", "for name in ()"),
        ("yield from (base.path for base in member.mro())", "pass"),
        (", is_private=_outside(surface)", ""),
        ('return any(re.match(r"_(?!_)", part) for part in rest)', "return True"),
        ("*python_changes(*packages), ", ""),
        (", *spec_changes(*specs)", ""),
    ],
}

MUTANTS = [
    Mutant(module, tests, *change)
    for (module, tests), changes in TABLE.items()
    for change in changes
]
