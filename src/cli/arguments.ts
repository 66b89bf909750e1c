import { parseArgs, type ParseArgsConfig } from 'node:util';
import { WinnowError } from '../shared/errors.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true; args: string[] }>
>;

export function usageError(command: string, reason: string): WinnowError {
  return new WinnowError('usage', { command, reason });
}

/** Node's own parser; what it refuses becomes an error of wrong usage (exit code 2). */
export function parseArguments<O extends Options>(command: string, args: string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node adds advice about "--" in further sentences.
    const text = error instanceof Error ? error.message.split(/\. /, 1)[0]! : String(error);
    throw usageError(command, text);
  }
}

/** A number given as an option's text. */
export function numberOption(command: string, name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= from && value <= to)) {
    throw usageError(command, `--${name} must be a number from ${from} to ${to}, not "${text}"`);
  }
  return value;
}

export function integerOption(command: string, name: string, text: string, from: number, to: number): number {
  const value = numberOption(command, name, text, from, to);
  if (!Number.isInteger(value)) throw usageError(command, `--${name} must be a whole number, not "${text}"`);
  return value;
}

/** One of a list of names given as an option's text. */
export function choiceOption<T extends string>(command: string, name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw usageError(command, `--${name} must be one of ${choices.join(', ')}, not "${text}"`);
  return found;
}
