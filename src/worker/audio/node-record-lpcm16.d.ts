declare module 'node-record-lpcm16' {
  import type { ChildProcessByStdio } from 'node:child_process';
  import type { Readable } from 'node:stream';

  interface Recording {
    readonly process: ChildProcessByStdio<null, Readable, Readable>;
    stream(): Readable;
    stop(): void;
  }

  interface Options {
    readonly sampleRate: number;
    readonly channels: number;
    readonly audioType: 'raw' | 'wav';
    /** One of its own, or the absolute path of a module that makes the command line. */
    readonly recorder: string;
    readonly device?: string;
  }

  const recorder: { record(options: Options): Recording };
  export default recorder;
}
