"""What is asked of the engine, judged by what was measured."""

import statistics
import sys

import groups
from groups import OPENVINO, TORCH, same_file
from shapes import SHAPES

MEGABYTE = 1 << 20
DECODING, BEHIND_CACHED, PREFILL = "decode 64 32", "cached 3008 64", "prefill 1024"


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

    @property
    def has_avx512(self):
        return self.machine["machine"].startswith("avx512")

    @property
    def has_vnni(self):
        return self.machine["machine"].endswith("vnni")

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

    def weight_bytes(self, shape, worker):
        """Bytes of the weights that a token is multiplied with."""
        return self.answers(shape, worker, "weights")[0]["bytes"]

    def fastest(self, shape, workers, command):
        """The fastest of those that were measured."""
        measured = [w for w in workers if any(
            r.get("shape") == shape and r["worker"] == w and r.get("command") == command for r in self.results)]
        if not measured:
            raise NotMeasured(f"{shape} {', '.join(workers)}: {command}")
        return min(measured, key=lambda worker: self.seconds(shape, worker, command))

    # Rows: what, ours, what it is held against, ratio, bar.

    def faster(self, shape, what, command, worker, peer, bar):
        ours, theirs = self.seconds(shape, worker, command), self.seconds(shape, peer, command)
        return (
            f"{shape}, {what}", f"{worker} {1000 * ours:,.0f} ms", f"{peer} {1000 * theirs:,.0f} ms",
            theirs / ours, bar)

    def decoding(self, shape, group):
        bar = 1.15 if group.name == groups.FOUR.name else 1.25
        for worker in group.ours:
            peer = self.fastest(shape, [p for p in group.peers if p != TORCH], DECODING)
            ours, theirs = self.rate(shape, worker, DECODING), self.rate(shape, peer, DECODING)
            yield (
                f"{shape}, decoding", f"{worker} {ours:.1f} tokens/s", f"{peer} {theirs:.1f} tokens/s", ours / theirs,
                bar if self.has_avx512 else 1.1)

    def reading(self, shape, group):
        for worker in group.ours:
            read = self.rate(shape, worker, DECODING) * self.weight_bytes(shape, worker)
            # The large shape alone is held to it: the small one's matrices lie in the last cache of some processors.
            bar = (0.85 if self.has_avx512 else 0.8) if shape == "1.1B" else None
            yield (
                f"{shape}, decoding: weights read by memory's speed", f"{worker} {read * 1e-9:.1f} GB/s",
                f"{self.machine['read'] * 1e-9:.1f} GB/s", read / self.machine["read"], bar)

    def together(self, shape, group):
        for worker in group.ours:
            one, eight = (self.rate(shape, worker, f"decode 1024 16 {count}") for count in (1, 8))
            yield (
                f"{shape}, eight sequences at once", f"{worker} {eight:.1f} tokens/s", f"one: {one:.1f} tokens/s",
                eight / one, 4 if self.has_vnni else 3)

    def prefills(self, shape, group):
        what = "prefill of 1,024"
        bar = 3 if group.name == groups.BETWEEN.name else 2.5 if self.has_vnni else 1.5
        for worker in group.ours:
            peer = same_file(worker)
            if peer in group.peers and worker != "f16":
                yield self.faster(shape, what, PREFILL, worker, peer, bar)
            for peer, least in ((OPENVINO + "int8", 1.3), (TORCH, 1.15), (same_file("f16"), 1.5)):
                if peer in group.peers:
                    yield self.faster(shape, what, PREFILL, worker, peer, least)

    def share_of_peak(self, shape):
        seconds = self.seconds(shape, "stored", PREFILL)
        rate = SHAPES[shape].operations(1024) / seconds
        yield (
            f"{shape}, prefill of 1,024 by the peak in f32", f"stored {rate * 1e-9:.0f} GFLOP/s",
            f"{self.machine['f32'] * 1e-9:.0f} GFLOP/s", rate / self.machine["f32"], 0.85)

    def cached(self, shape, group):
        what = "3,008 cached + 64"
        for worker in group.ours:
            peer = same_file(worker)
            if peer in group.peers and worker != "f16":
                yield self.faster(shape, what, BEHIND_CACHED, worker, peer, 2.5 if self.has_vnni else 1.6)
            for peer, least in (
                (OPENVINO + "int8", 1.1 if shape == "1.1B" else 1.2), (TORCH, 2), (same_file("f16"), 1.6)
            ):
                if peer in group.peers:
                    yield self.faster(shape, what, BEHIND_CACHED, worker, peer, least)

    def memory(self, shape, group):
        s = SHAPES[shape]
        for worker in group.ours:
            measured = self.answers(shape, worker, "resident")[0]
            peak, states = measured["peak_bytes"], measured["state_bytes"]
            own = 64 * 2 * s.layers * s.kv_heads * s.head * 4
            allowed = 1.1 * self.weight_bytes(shape, worker) + states + own + 64 * MEGABYTE
            yield (
                f"{shape}, resident memory: allowed by measured", f"{worker} {peak / MEGABYTE:,.0f} MiB",
                f"{allowed / MEGABYTE:,.0f} MiB", allowed / peak, 1)

    def opening(self, shape, group):
        for worker in group.ours:
            seconds = self.seconds(shape, worker, "open")
            bar = 1 if group.name == groups.FOUR.name else None
            yield (f"{shape}, opening again", f"{worker} {1000 * seconds:.0f} ms", "200 ms", 0.2 / seconds, bar)

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

    def warming(self, shape):
        for worker in ("stored", "q8"):
            warm, long = self.rate(shape, worker, "warm 1000 50"), self.rate(shape, worker, "encode 1024")
            yield (
                f"{shape}, warming 1,000 segments of 50", f"{worker} {warm:,.0f} tokens/s",
                f"one of 1,024: {long:,.0f} tokens/s", warm / long, 0.8)

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

    def judgements(self, shape):
        """Of one model, what makes rows: one thing that is asked, for engines of about the same size."""
        parts = groups.groups(SHAPES[shape])
        for judge in (self.decoding, self.reading, self.together, self.prefills):
            yield from ((judge, shape, group) for group in parts)
        yield self.share_of_peak, shape
        for judge in (self.cached, self.opening, self.memory):
            yield from ((judge, shape, group) for group in parts if group is not groups.BETWEEN)
        if shape == "135M":
            yield self.warming, shape
        if shape == "1.1B":
            yield self.code_generation, shape
        if not SHAPES[shape].published:
            yield self.linearity, shape

    def rows(self):
        """The rows of all that was measured."""
        for shape in self.shapes:
            for judge, *arguments in self.judgements(shape):
                try:
                    yield from judge(*arguments)
                except NotMeasured as missing:
                    print(f"not measured: {missing}", file=sys.stderr)
        yield from self.kernel_bars()

    def rate_text(self, shape, worker, command):
        try:
            return f"{self.rate(shape, worker, command):.1f}"
        except NotMeasured:
            return "–"

    def batches(self):
        """Tokens a second of sequences at once, a row for each model in each form."""
        yield "| | " + " | ".join(f"{count} at once" for count in (1, 2, 4, 8)) + " |"
        yield "| --- " * 5 + "|"
        for shape in self.shapes:
            for worker in (worker for group in groups.groups(SHAPES[shape]) for worker in group.ours):
                rates = [self.rate_text(shape, worker, f"decode 1024 16 {count}") for count in (1, 2, 4, 8)]
                if any(rate != "–" for rate in rates):
                    yield f"| {shape} {worker} | " + " | ".join(rates) + " |"

    def everyone(self):
        """What each engine took, a row for each in each form."""
        yield "| | bytes of weights a token | tokens/s | prefill of 1,024, ms | 3,008 cached + 64, ms |"
        yield "| --- " * 5 + "|"
        for shape in self.shapes:
            for worker in (worker for group in groups.groups(SHAPES[shape]) for worker in group.everybody):
                cells = [self.rate_text(shape, worker, DECODING)]
                for command in (PREFILL, BEHIND_CACHED):
                    try:
                        cells.append(f"{1000 * self.seconds(shape, worker, command):,.0f}")
                    except NotMeasured:
                        cells.append("–")
                if any(cell != "–" for cell in cells):
                    size = f"{self.weight_bytes(shape, worker) * 1e-6:,.0f} MB"
                    yield f"| {shape} {worker} | {size} | " + " | ".join(cells) + " |"

    def machine_text(self):
        names = [row["processor"] for row in self.results if "processor" in row]
        name = names[-1] if names else "A processor without a name"
        try:
            m = self.machine
        except NotMeasured:
            return f"{name}; its speed was not measured."
        return (
            f"{name}; {m['threads']} threads, kernels {m['machine']}: {m['f32'] * 1e-9:.0f} GFLOP/s in f32, "
            f"{m['bytes'] * 1e-9:.0f} Gop/s in eight bits, {m['read'] * 1e-9:.1f} GB/s read")

    def markdown(self):
        lines = [
            self.machine_text(), "",
            "| what | ours | held against | ratio | bar | |", "| --- | --- | --- | --- | --- | --- |"]
        for what, ours, theirs, ratio, bar in self.rows():
            verdict = "" if bar is None else "met" if ratio >= bar else f"missed by {100 * (1 - ratio / bar):.0f} %"
            bar = "–" if bar is None else f"{bar:g}"
            lines.append(f"| {what} | {ours} | {theirs} | {ratio:.2f} | {bar} | {verdict} |")
        return "\n".join([
            *lines, "", "All engines:", "", *self.everyone(), "", "Tokens a second, 1,024 cached:", "", *self.batches()])
