"""What is asked of the engine, judged by what was measured."""

import statistics
import sys

from shapes import SHAPES

MEGABYTE = 1 << 20
LLAMA = {"f16": "llama.cpp f16", "q8_0": "llama.cpp q8_0", "q4_0": "llama.cpp q4_0", "torch": "torch f32"}


class NotMeasured(Exception):
    """A run left something out."""


class Bars:
    def __init__(self, results):
        self.results = results
        self.kernels = [r for r in results if r["worker"] == "kernels"]
        self.shapes = [name for name in SHAPES if any(r.get("shape") == name for r in results)]

    @property
    def machine(self):
        for row in self.kernels:
            if "machine" in row:
                return row
        raise NotMeasured("kernels")

    def answers(self, shape, worker, command):
        found = [
            r for r in self.results
            if r.get("shape") == shape and r["worker"] == worker and r.get("command") == command]
        if not found:
            raise NotMeasured(f"{shape} {worker}: {command}")
        return found

    def seconds(self, shape, worker, command):
        return statistics.median(r["seconds"] for r in self.answers(shape, worker, command))

    def rate(self, shape, worker, command):
        """Tokens a second."""
        return self.answers(shape, worker, command)[0]["tokens"] / self.seconds(shape, worker, command)

    # Rows: what, ours, what it is held against, ratio, bar.

    def faster(self, shape, what, command, worker, peer, bar):
        ours, theirs = self.seconds(shape, worker, command), self.seconds(shape, peer, command)
        return (
            f"{shape}, {what}", f"{worker} {1000 * ours:,.0f} ms", f"{LLAMA[peer]} {1000 * theirs:,.0f} ms",
            theirs / ours, bar)

    def prefills(self, shape):
        for tokens in (1024, 2048):
            command, what = f"prefill {tokens}", f"prefill of {tokens:,}"
            yield self.faster(shape, what, command, "stored", "f16", 1.5)
            yield self.faster(shape, what, command, "stored", "torch", 1.15)
            yield self.faster(shape, what, command, "q8", "q8_0", 4)
            yield self.faster(shape, what, command, "q8", "q4_0", 2.5)

    def cached(self, shape):
        command, what = "cached 3008 64", "3,008 cached + 64"
        yield self.faster(shape, what, command, "stored", "f16", 1.6)
        yield self.faster(shape, what, command, "stored", "torch", 2)
        best = min(("f16", "q8_0", "q4_0"), key=lambda peer: self.seconds(shape, peer, command))
        yield self.faster(shape, what, command, "q8", best, 2.5)

    def code_generation(self, shape):
        command = "cached 5900 24"
        for worker in ("stored", "q8"):
            seconds, alone = self.seconds(shape, worker, command), self.seconds(shape, worker, "prefill 24")
            states = self.answers(shape, worker, command)[0]["state_bytes"]
            allowed = alone + states / self.machine["read"]
            yield (
                f"{shape}, 5,900 cached + 24: allowed time by measured", f"{worker} {1000 * seconds:,.0f} ms",
                f"1.25 × ({1000 * alone:,.0f} ms alone + {1000 * (allowed - alone):,.0f} ms reading)",
                1.25 * allowed / seconds, 1)
        full = self.seconds(shape, "stored", "prefill 5924")
        ours = self.seconds(shape, "stored", command)
        yield (
            f"{shape}, 5,900 cached + 24: full prefill by cached", f"stored {1000 * ours:,.0f} ms",
            f"our prefill of 5,924: {1000 * full:,.0f} ms", full / ours, 100)

    def decoding(self, shape):
        command = "decode 64 16"
        for worker, peer, weight in (("stored", "f16", 2), ("q8", "q8_0", 1 + 4 / 64)):
            ours, theirs = self.rate(shape, worker, command), self.rate(shape, peer, command)
            read = ours * SHAPES[shape].multiplied * weight
            yield (
                f"{shape}, decoding: weights read by memory's speed", f"{worker} {read * 1e-9:.1f} GB/s",
                f"{self.machine['read'] * 1e-9:.1f} GB/s", read / self.machine["read"], 0.8)
            yield (
                f"{shape}, decoding", f"{worker} {ours:.1f} tokens/s", f"{LLAMA[peer]} {theirs:.1f} tokens/s",
                ours / theirs, 1)

    def warming(self, shape):
        for worker in ("stored", "q8"):
            warm, long = self.rate(shape, worker, "warm 1000 50"), self.rate(shape, worker, "encode 1024")
            yield (
                f"{shape}, warming 1,000 segments of 50", f"{worker} {warm:,.0f} tokens/s",
                f"one of 1,024: {long:,.0f} tokens/s", warm / long, 0.8)

    def memory(self, shape):
        s = SHAPES[shape]
        for worker, weight in (("stored", 2), ("q8", 1 + 4 / 64)):
            peak = self.answers(shape, worker, "resident")[0]["peak_bytes"]
            states = self.answers(shape, worker, "cached 3008 64")[0]["state_bytes"]
            own = 64 * 2 * s.layers * s.kv_heads * s.head * 4
            allowed = 1.1 * s.multiplied * weight + states + own + 64 * MEGABYTE
            yield (
                f"{shape}, resident memory: allowed by measured", f"{worker} {peak / MEGABYTE:,.0f} MiB",
                f"{allowed / MEGABYTE:,.0f} MiB", allowed / peak, 1)

    def linearity(self, shape):
        counts = (1024, 2048, 4096, 8192, 16_384)
        times = [self.seconds(shape, "stored", f"cached {count} 64") for count in counts]
        slope, start = statistics.linear_regression(counts, times)
        worst = max(abs(time - (start + slope * count)) / time for count, time in zip(counts, times))
        yield (
            f"{shape}, 1k to 16k cached + 64: farthest from a straight line", f"stored {100 * worst:.0f} %",
            f"{1000 * start:,.0f} ms + {1e6 * slope:.1f} µs a token", 1 - worst, 0.9)

    def kernel_bars(self):
        for row in self.kernels:
            if "product" in row:
                yield (
                    f"product of 64 rows, {row['product']}, f16", f"{row['f16'] * 1e-9:.0f} Gop/s",
                    f"{self.machine['f32'] * 1e-9:.0f} at most", row["f16_share"], 0.7)
                yield (
                    f"product of 64 rows, {row['product']}, q8", f"{row['q8'] * 1e-9:.0f} Gop/s",
                    f"{self.machine['bytes'] * 1e-9:.0f} at most", row["q8_share"], 0.5)
            if "attention" in row:
                yield (
                    f"attention over f16, {row['attention']}",
                    f"{row['flops'] * 1e-9:.0f} GFLOP/s, {row['bytes'] * 1e-9:.1f} GB/s", f"bound by {row['bound']}",
                    row["share"], 0.6)

    def rows(self):
        """The rows of all that was measured."""
        for shape in self.shapes:
            last = self.code_generation if shape == "1.1B" else self.warming
            for judge in (self.prefills, self.cached, self.decoding, last, self.linearity, self.memory):
                try:
                    yield from judge(shape)
                except NotMeasured as missing:
                    print(f"not measured: {missing}", file=sys.stderr)
        yield from self.kernel_bars()

    def rate_text(self, shape, worker, command):
        try:
            return f"{self.rate(shape, worker, command):.1f}"
        except NotMeasured:
            return "–"

    def batches(self):
        lines = ["| sequences at once | " + " | ".join(f"{s} stored | {s} q8" for s in self.shapes) + " |"]
        lines.append("| --- " * (1 + 2 * len(self.shapes)) + "|")
        for count in (1, 2, 4, 8):
            rates = [
                self.rate_text(shape, worker, f"decode 1024 16 {count}")
                for shape in self.shapes for worker in ("stored", "q8")]
            lines.append(f"| {count} | " + " | ".join(rates) + " |")
        return lines

    def machine_text(self):
        try:
            m = self.machine
        except NotMeasured:
            return "The machine's own speed was not measured."
        return (
            f"{m['threads']} threads, kernels {m['machine']}: {m['f32'] * 1e-9:.0f} GFLOP/s in f32, "
            f"{m['bytes'] * 1e-9:.0f} Gop/s in eight bits, {m['read'] * 1e-9:.1f} GB/s read")

    def markdown(self):
        lines = [
            self.machine_text(), "",
            "| what | ours | held against | ratio | bar | |", "| --- | --- | --- | --- | --- | --- |"]
        for what, ours, theirs, ratio, bar in self.rows():
            verdict = "met" if ratio >= bar else f"missed by {100 * (1 - ratio / bar):.0f} %"
            lines.append(f"| {what} | {ours} | {theirs} | {ratio:.2f} | {bar:g} | {verdict} |")
        return "\n".join([*lines, "", "Tokens a second, 1,024 cached:", "", *self.batches()])
