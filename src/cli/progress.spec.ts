import { afterEach, describe, expect, it, vi } from 'vitest';
import { clock, Progress } from './progress.js';

describe('clock', () => {
  it.each([
    [0, '0:00'],
    [65.4, '1:05'],
    [3599.6, '1:00:00'],
    [7384, '2:03:04'],
    [-3, '0:00'],
  ])('writes %d seconds as %s', (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe('Progress', () => {
  const terminal = process.stderr.isTTY;
  afterEach(() => {
    process.stderr.isTTY = terminal;
    vi.restoreAllMocks();
  });

  function written(isTTY: boolean, use: (progress: Progress) => void): string {
    process.stderr.isTTY = isTTY;
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    use(new Progress());
    return write.mock.calls.map(([text]) => String(text)).join('');
  }

  it('draws bar, counts and note in place on a terminal', () => {
    const text = written(true, (progress) => {
      progress.update('decoding', 0, 200, 'clips');
      progress.update('decoding', 200, 200, 'clips', 'done');
    });
    expect(text).toContain('\r');
    expect(text).toMatch(/decoding \[#{24}\] 200\/200 clips, .*\/s, 0:00 left, done/);
    expect(text).not.toContain('\n');
  });

  it('says lines, but draws nothing, where there is no terminal', () => {
    const text = written(false, (progress) => {
      progress.update('decoding', 10, 200, 'clips');
      progress.say('epoch 1');
    });
    expect(text).toBe('epoch 1\n');
  });
});
