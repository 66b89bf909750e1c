/**
 * The one catalogue of errors. Codes are stable: programs may match on them. `docs/errors.md` is generated from here
 * (`node scripts/errors-doc.mjs`), and a test holds the two together.
 *
 * `exit` is the command line's status: 2 when the caller can put it right by calling differently, 1 otherwise.
 * `{name}` in a text is filled from the error's details.
 */
export interface ErrorEntry {
  readonly cause: string;
  readonly next: string;
  readonly exit: 1 | 2;
}

export const ERRORS = {
  usage: {
    cause: '{reason}',
    next: 'Run "winnow help {command}" for the usage.',
    exit: 2,
  },
  'engine-restarting': {
    cause: 'The engine is not running: {reason}.',
    next: 'It starts again by itself within seconds; then try again. If it keeps ending, run "winnow listen" to see why.',
    exit: 1,
  },
  'engine-call-unknown': {
    cause: 'The engine knows no call "{name}".',
    next: 'Reload the page: it comes from another version of Winnow.',
    exit: 1,
  },
  'engine-call-invalid': {
    cause: 'The call "{name}" has parameters that it cannot have: {reason}.',
    next: 'Reload the page; if it stays, report it with the text of this error.',
    exit: 1,
  },
  'engine-not-allowed': {
    cause: '{what} can be changed only on the computer that Winnow runs on.',
    next: 'Do it in the window or the page on that computer.',
    exit: 1,
  },
  'engine-closed': {
    cause: 'The connection to the engine is closed.',
    next: 'Reload the page, or start Winnow again.',
    exit: 1,
  },
  'cli-no-command': {
    cause: 'There is no command "{name}".',
    next: 'Run "winnow help" for the list of commands.',
    exit: 2,
  },
  'recognizer-no-detection': {
    cause: 'The sound of detection {id} is not there: the last {kept} detections keep theirs, until Winnow ends.',
    next: 'Choose a later detection.',
    exit: 1,
  },
  'settings-unreadable': {
    cause: 'The settings in {path} cannot be read: {reason}. Winnow goes on with its own defaults.',
    next: 'Nothing is lost: the file is kept as {kept}. Set what you need again.',
    exit: 1,
  },
  'settings-not-saved': {
    cause: 'The settings cannot be saved to {path}: {reason}.',
    next: 'Free space, or make the folder writable, and change a setting again. Until then they last as long as Winnow runs.',
    exit: 1,
  },
  'action-failed': {
    cause: 'The program "{program}" for the word "{label}" failed: {reason}.',
    next: 'Try the same program and arguments in a terminal, then correct the action of this word.',
    exit: 1,
  },
  'action-too-many': {
    cause: 'The program for the word "{label}" was not started: {limit} programs that Winnow started are still running.',
    next: 'Let the programs end by themselves, or have them go to the background.',
    exit: 1,
  },
  'serve-port': {
    cause: 'The page cannot be offered on {host}, port {port}: {reason}.',
    next: 'Choose another port with --port (0 takes a free one) or another address with --host.',
    exit: 2,
  },
  'serve-no-page': {
    cause: 'The page is not built: {path} is missing.',
    next: 'Run "npm start" once, or "npm run build".',
    exit: 1,
  },
  'window-microphone-refused': {
    cause: 'This window may not use the microphone: {reason}.',
    next: 'Allow the microphone for this page (or for Winnow, in the settings of the system), then listen again.',
    exit: 1,
  },
  'window-microphone-missing': {
    cause: 'This window finds no microphone: {reason}.',
    next: 'Plug one in or choose another input, then listen again.',
    exit: 1,
  },
  'window-microphone-ended': {
    cause: 'The microphone of this window has gone: {reason}.',
    next: 'Check its cable, or choose another input, then listen again.',
    exit: 1,
  },
  'window-file-unreadable': {
    cause: 'The file "{name}" cannot be taken: {reason}.',
    next: 'Drop one model file (.safetensors), written by Winnow.',
    exit: 2,
  },
  'network-spec': {
    cause: 'This is not a network description: {reason}.',
    next: 'Compare it with the description of a preset ("winnow model show commands --json").',
    exit: 2,
  },
  'network-shape': {
    cause: 'Layer "{layer}" has an impossible shape: {reason}.',
    next: 'Change the layer, or the one before it, so that the sizes fit.',
    exit: 2,
  },
  'network-density': {
    cause: 'Layer "{layer}" has an impossible density: {reason}.',
    next: 'Give every unit at least one weight.',
    exit: 2,
  },
  'network-winners': {
    cause: 'Layer "{layer}" has an impossible number of winners: {reason}.',
    next: 'Choose at least one winner and at most as many as there are units that compete.',
    exit: 2,
  },
  'network-output': {
    cause: 'The last layer, "{layer}", gives no scores.',
    next: 'End the network with a linear layer without activation.',
    exit: 2,
  },
  'network-preset': {
    cause: 'There is no network called "{name}".',
    next: 'Choose one of: {known}.',
    exit: 2,
  },
  'network-tensors': {
    cause: 'The numbers of layer "{layer}" do not fit its description: {reason}.',
    next: 'Train or export the model again.',
    exit: 1,
  },
  'network-input': {
    cause: 'The network was given {given} values where it takes {wanted}.',
    next: 'Make the windows with the feature settings that the model names.',
    exit: 1,
  },
  'bench-words': {
    cause: 'The model "{model}" knows other words than "{dense}", which it would be compared with.',
    next: 'Choose a model with the same words in the same order.',
    exit: 2,
  },
  'bench-running': {
    cause: 'A benchmark is running already.',
    next: 'Wait until it is done, or stop it.',
    exit: 1,
  },
  'network-quantise': {
    cause: 'The network cannot be turned into 8-bit numbers: {reason}.',
    next: 'Use ReLU or winners by number in every layer but the last, and give examples of real sound.',
    exit: 1,
  },
  'network-engine': {
    cause: 'The native engine cannot do this: {reason}.',
    next: 'Put the cause right, or run the network on the reference back end ("--backend reference").',
    exit: 1,
  },
  'audio-unreadable': {
    cause: 'The sound file {file} cannot be read: {reason}.',
    next: 'Check the path and that the file may be read.',
    exit: 2,
  },
  'audio-empty': {
    cause: '{file} holds no sound.',
    next: 'Choose a file with at least one sample.',
    exit: 2,
  },
  'audio-unknown-format': {
    cause: '{file} is neither a WAV nor a FLAC file.',
    next: 'Convert it, for instance with "sox INPUT -r 16000 -c 1 -b 16 OUTPUT.wav".',
    exit: 2,
  },
  'audio-truncated': {
    cause: '{file} ends too early: {reason}.',
    next: 'Copy, download or record the file again.',
    exit: 1,
  },
  'audio-damaged': {
    cause: '{file} is damaged: {reason}.',
    next: 'Copy, download or record the file again.',
    exit: 1,
  },
  'audio-unsupported': {
    cause: '{file} has a kind of sound that Winnow does not read: {reason}.',
    next: 'Convert it, for instance with "sox INPUT -r 16000 -c 1 -b 16 OUTPUT.wav".',
    exit: 2,
  },
  'audio-too-large': {
    cause: '{file} is too large: more than {limit}.',
    next: 'Cut it into shorter files.',
    exit: 2,
  },
  'audio-recorder-missing': {
    cause: 'No program to record with was found (looked for: {programs}).',
    next: 'Install alsa-utils (arecord) or sox, or choose the microphone of the window as input.',
    exit: 1,
  },
  'audio-recorder-failed': {
    cause: 'The recording program {program} could not be run: {reason}.',
    next: 'Try "{program}" in a terminal, or choose the microphone of the window as input.',
    exit: 1,
  },
  'audio-recorder-ended': {
    cause: 'The recording program {program} ended ({status}): {reason}.',
    next: 'Check that the microphone is plugged in and free, or choose another device.',
    exit: 1,
  },
  'audio-recorder-hangs': {
    cause: 'The recording program {program} has sent no sound for {seconds} s.',
    next: 'Check that the microphone is plugged in and not used by another program, or choose another device.',
    exit: 1,
  },
  'audio-recorder-floods': {
    cause: 'The recording program {program} sends far more sound than time passes ({seconds} s too much).',
    next: 'Choose a real microphone as the device, not a file or a null device.',
    exit: 1,
  },
  'audio-device-unknown': {
    cause: 'There is no input device that can be called "{device}".',
    next: 'Choose a device from the list of the input menu ("arecord -L" prints it too).',
    exit: 2,
  },
  'audio-clip-unknown': {
    cause: 'There is no demo clip "{clip}".',
    next: 'Choose one of: {known}.',
    exit: 2,
  },
  'audio-clips-missing': {
    cause: 'The clips that ship with Winnow cannot be read from {path}: {reason}.',
    next: 'Install Winnow again.',
    exit: 1,
  },
  'audio-noise-file-missing': {
    cause: 'Noise of kind "file" was chosen without a file.',
    next: 'Name a WAV or FLAC file to take the noise from.',
    exit: 2,
  },
  'audio-noise-room-missing': {
    cause: 'Noise of the room was chosen, and no room has been recorded.',
    next: 'Record the room first: in the window, beside the choice of the noise.',
    exit: 2,
  },
  'audio-noise-room-short': {
    cause: 'Only {seconds} s of the room came from the input; a second is the least.',
    next: 'Check the microphone, and let it record a few seconds of the room.',
    exit: 1,
  },
  'audio-noise-silent': {
    cause: '{file} is digital silence and cannot serve as noise.',
    next: 'Choose a recording with sound in it.',
    exit: 2,
  },
  'model-format': {
    cause: 'This is not a model that Winnow can use: {reason}.',
    next: 'Use a model file that Winnow wrote, whole and unchanged.',
    exit: 1,
  },
  'model-version': {
    cause: 'This model file has format version {version}, which this version of Winnow does not know.',
    next: 'Update Winnow, or export the model from the version that wrote it.',
    exit: 1,
  },
  'model-hash': {
    cause: 'The contents of this model file do not match its own checksum: it was damaged or changed.',
    next: 'Copy it again from where it came from.',
    exit: 1,
  },
  'model-read': {
    cause: 'The model file "{path}" cannot be read: {reason}.',
    next: 'Check the path and your permission to read it.',
    exit: 1,
  },
  'model-write': {
    cause: 'The file "{path}" cannot be written: {reason}.',
    next: 'Choose a folder that you may write to. Nothing was changed.',
    exit: 1,
  },
  'model-disk-full': {
    cause: 'The disk is full: "{path}" was not written.',
    next: 'Free some space and try again. Nothing was changed.',
    exit: 1,
  },
  'model-unknown': {
    cause: 'There is no model called "{id}".',
    next: 'Run "winnow model list" to see the models, or give the path of a model file.',
    exit: 2,
  },
  'model-name': {
    cause: '"{name}" cannot be the name of a model.',
    next: 'Use up to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit.',
    exit: 2,
  },
  'model-shipped': {
    cause: 'The model "{id}" is part of Winnow and stays.',
    next: 'Only models of your own can be deleted.',
    exit: 2,
  },
  'model-active': {
    cause: 'The model "{id}" is the active one.',
    next: 'Make another model the active one first ("winnow model use").',
    exit: 2,
  },
  'model-exists': {
    cause: 'The file "{path}" exists already.',
    next: 'Choose another name, or give --force to replace it.',
    exit: 2,
  },
  'backend-unavailable': {
    cause: 'The back end "{backend}" cannot run here: {reason}.',
    next: 'Use another back end; "reference" runs everywhere.',
    exit: 1,
  },
  'bench-no-engine': {
    cause: 'There is nothing to measure: {reason}.',
    next: 'Build the native engine with "npm run build:native" (it needs CMake and a C++ compiler).',
    exit: 1,
  },
  'onnx-quantise': {
    cause: 'The layer "{layer}" cannot be quantised for ONNX Runtime: {reason}.',
    next: 'Choose a dense network with ReLU.',
    exit: 2,
  },
  'model-disagrees': {
    cause: 'The back ends do not agree on the model "{id}": {reason}.',
    next: 'Run it on "reference", which is the numeric truth, and report this with the model file.',
    exit: 1,
  },
  'model-no-card': {
    cause: 'The model "{name}" does not tell how it was trained, so there is no card of it.',
    next: '"winnow model show" tells what there is; a card belongs to a model of "winnow train".',
    exit: 1,
  },
  'model-no-clips': {
    cause: 'There is no WAV or FLAC file below "{path}".',
    next: 'Give the path of a folder with clips of words.',
    exit: 2,
  },
  'calibration-labels': {
    cause: 'The words of a recording cannot be read from {path}: {reason}.',
    next: 'Write {"words": [{"label": "yes", "timeMs": 1500}]}, with the middle of each word in ms; or remove the file if nothing is said.',
    exit: 2,
  },
  'calibration-word': {
    cause: 'A recording is labelled with the word "{label}", which the model does not know.',
    next: 'Label only words of the model ({known}); every other word counts as one that should not be heard.',
    exit: 2,
  },
  'calibration-no-sound': {
    cause: 'There is nothing to calibrate with.',
    next: 'Name a folder of clips, or a long recording.',
    exit: 2,
  },
  'calibration-no-point': {
    cause: 'No setting of the decision keeps the wish "{wish}" on these sounds, so nothing was written to {path}.',
    next: 'Wish for less: more false accepts per hour (--accepts), more missed words (--rejects), or the other wish (--wish).',
    exit: 1,
  },
  'study-running': {
    cause: 'A noise score or a calibration is running already.',
    next: 'Wait for it to end, or stop it first.',
    exit: 1,
  },
  'study-superseded': {
    cause: 'Another list of clips was opened before this one was read.',
    next: 'Open this one again, if it is the one to be judged.',
    exit: 1,
  },
  'study-clip': {
    cause: 'The list has no clip number {index}; it has {count}.',
    next: 'Open the list again: its folder may have changed.',
    exit: 1,
  },
  'inside-unit': {
    cause: 'There is no unit {unit} in layer {layer} to look at.',
    next: 'Choose a unit of the picture, with a sound in it.',
    exit: 1,
  },
  internal: {
    cause: 'Something failed that should not: {reason}',
    next: 'Report it with the text of this error.',
    exit: 1,
  },
  'experiment-no-results': {
    cause: 'There are no readable results at {path}.',
    next: 'Name a result file (.jsonl) or a folder of them; "winnow experiment run NAME" writes one.',
    exit: 2,
  },
  'experiment-write': {
    cause: 'A result could not be written to {file}: {reason}',
    next: 'Free space or choose another folder with --out, then run the same command again: finished units are kept.',
    exit: 1,
  },
  'training-data-missing': {
    cause: 'There is no data folder {path}.',
    next: 'Give --data the folder of the clips: a data root, the unpacked Speech Commands archive, or a folder of word folders.',
    exit: 2,
  },
  'training-no-clips': {
    cause: 'The folder {path} holds no clips that can be used (.wav or .flac in folders named after their words).',
    next: 'Give --data another folder, or check that its archive was unpacked.',
    exit: 1,
  },
  'training-data-too-large': {
    cause: 'The data at {path} exceeds the limit of {limit}.',
    next: 'Give --data a smaller folder.',
    exit: 1,
  },
  'training-no-part': {
    cause: 'The data at {path} has no clips of known words in its part "{part}".',
    next: 'Use data with this part, or another --split.',
    exit: 1,
  },
  'training-clip': {
    cause: 'The clip {path} cannot be read: {reason}',
    next: 'Replace or remove the clip and run the command again.',
    exit: 1,
  },
  'training-cache': {
    cause: 'The cache {path} cannot be written: {reason}',
    next: 'Free space, or set WINNOW_CACHE to a folder that can be written.',
    exit: 1,
  },
  'training-no-noise': {
    cause: 'Recordings of background noise are needed, and the data at {path} has none for this part.',
    next: 'Put recordings into its folder "noise" or "_background_noise_", or go without real noise.',
    exit: 1,
  },
  'training-teacher': {
    cause: 'The model "{teacher}" cannot teach this network: {reason}.',
    next: 'Choose a model that was trained with the same labels and features.',
    exit: 1,
  },
  'training-recipe': {
    cause: 'There is no recipe or network called "{name}".',
    next: 'Choose one of: {names}.',
    exit: 2,
  },
  'training-setting': {
    cause: 'The setting "{setting}" does not fit the recipe: {reason}',
    next: 'Use --set key=value with a key of the recipe; "winnow train --preset NAME --show" prints it.',
    exit: 2,
  },
  'training-checkpoint': {
    cause: 'The checkpoint {path} cannot be resumed: {reason}',
    next: 'Use --restart to begin anew, or another --out.',
    exit: 1,
  },
  'training-checkpoint-write': {
    cause: 'The checkpoint {path} cannot be written: {reason}',
    next: 'Free space or choose another --out; the checkpoint of the epoch before is untouched.',
    exit: 1,
  },
  'training-no-engine': {
    cause: 'Training needs the native engine, which is not built here: {reason}',
    next: 'Install a C++20 compiler and CMake and run "npm run setup".',
    exit: 1,
  },
  'training-diverged': {
    cause: 'The loss of epoch {epoch} is not a number.',
    next: 'Use a smaller learning rate: --set schedule.learningRate=0.003.',
    exit: 1,
  },
  'training-stopped': {
    cause: 'Training was stopped after epoch {epoch}. {kept}',
    next: 'Run the same command again to go on from there.',
    exit: 1,
  },
  'experiment-no-data': {
    cause: 'The data set lacks {what} (looked in {folder}).',
    next: 'Name the folder that holds it with --data.',
    exit: 2,
  },
  'experiment-bad-data': {
    cause: '{file} cannot be used: {reason}.',
    next: 'Fetch the file again from its official archive.',
    exit: 1,
  },
  'takes-word': {
    cause: '"{word}" cannot be a word to teach: {reason}.',
    next: 'Use letters and digits, with single spaces, hyphens or apostrophes between them.',
    exit: 2,
  },
  'model-word': {
    cause: 'The word "{word}" cannot be changed: {reason}.',
    next: 'Look at the words that the model has, and choose a name that none of them has.',
    exit: 2,
  },
  'takes-silent': {
    cause: 'The recording for "{word}" is silent: every sample is zero.',
    next: 'Check that the microphone is chosen and not muted, then record again.',
    exit: 1,
  },
  'takes-duplicate': {
    cause: 'The same recording of "{word}" is there already ({id}).',
    next: 'Say the word again: a network learns nothing from the same take twice.',
    exit: 1,
  },
  'takes-too-many': {
    cause: 'There are {limit} takes of "{word}" already.',
    next: 'Delete some first, or train on your folder directly with "winnow finetune --clips DIR".',
    exit: 1,
  },
  'takes-disk-full': {
    cause: 'The disk is full: {path} was not written, and nothing of it is left.',
    next: 'Free some space and record again. Every earlier take is still there.',
    exit: 1,
  },
  'takes-write': {
    cause: 'The take {path} cannot be written: {reason}.',
    next: 'Make the folder writable, or choose another home with WINNOW_HOME.',
    exit: 1,
  },
  'takes-unknown': {
    cause: 'There is no take "{id}" of "{word}".',
    next: 'Look at the list of takes again: it may have been deleted.',
    exit: 1,
  },
  'takes-import': {
    cause: '{path} cannot be imported: {reason}.',
    next: 'Name WAV or FLAC files with their word, or a folder of them named after it.',
    exit: 2,
  },
  'takes-no-speech': {
    cause: 'No word was heard for "{word}" within {seconds} seconds.',
    next: 'Check the level of the microphone and say the word once more.',
    exit: 1,
  },
  'takes-canceled': {
    cause: 'The recording was stopped before a word was heard.',
    next: 'Record again when you are ready.',
    exit: 1,
  },
  'finetune-no-takes': {
    cause: 'There is nothing to learn "{word}" from: {reason}.',
    next: 'Record at least {least} takes of the word; ten make it reliable.',
    exit: 2,
  },
  'finetune-no-words': {
    cause: '{path} has no folder of takes.',
    next: 'Name a folder that has one folder for each word, with WAV or FLAC files in it.',
    exit: 2,
  },
  'finetune-word-missing': {
    cause: '{path} has no takes of "{word}"; it has {known}.',
    next: 'Choose among the words that are there.',
    exit: 2,
  },
  'finetune-model': {
    cause: 'The model {model} cannot be taught: {reason}.',
    next: 'Choose another model with "winnow model list".',
    exit: 2,
  },
  'finetune-stopped': {
    cause: 'Teaching was stopped after epoch {epoch}.',
    next: 'Start it again with the same takes and settings to go on from there.',
    exit: 1,
  },
  'finetune-running': {
    cause: 'A training is running already.',
    next: 'Wait for it to end, or stop it first.',
    exit: 1,
  },
  'finetune-not-running': {
    cause: 'No training is running.',
    next: 'Start one first.',
    exit: 1,
  },
  'training-no-class': {
    cause: 'The {part} part of {path} has no clip of: {classes}.',
    next: 'Add clips of these words, or train without them: --set \'labels=["_silence_","_unknown_","yes","no"]\' names the words.',
    exit: 2,
  },
  'lab-running': {
    cause: 'An experiment is running already.',
    next: 'Stop it, or wait for it: its finished units are kept either way.',
    exit: 1,
  },
  'lab-theory': {
    cause: 'A vector of {n} bits cannot have {active} active ones.',
    next: 'Choose a larger n, or fewer active bits.',
    exit: 2,
  },
  'experiment-unknown': {
    cause: 'There is no experiment {name}.',
    next: 'Choose one of: {known}.',
    exit: 2,
  },
  'experiment-stopped': {
    cause: 'The experiment was stopped; kept of it: every finished unit, and {kept}.',
    next: 'Run the same command again: it goes on from there.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export type ErrorDetails = Readonly<Record<string, string | number>>;

/** An error as it crosses a process border or is printed as JSON. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly cause: string;
  readonly next: string;
  readonly details: ErrorDetails;
}

function fill(text: string, details: ErrorDetails): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?'));
}

/** The only error that Winnow's own code throws on purpose: a code of the catalogue and the details that fill its texts. */
export class WinnowError extends Error {
  override readonly name = 'WinnowError';

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(fill(ERRORS[code].cause, details), options);
  }

  get next(): string {
    return fill(ERRORS[this.code].next, this.details);
  }

  get exit(): 1 | 2 {
    return ERRORS[this.code].exit;
  }

  report(): ErrorReport {
    return { code: this.code, cause: this.message, next: this.next, details: this.details };
  }

  static fromReport(report: ErrorReport): WinnowError {
    // A host of another version may know codes that this side does not.
    if (!Object.hasOwn(ERRORS, report.code)) {
      return new WinnowError('internal', { reason: `${report.cause} (${report.code})` });
    }
    return new WinnowError(report.code, report.details);
  }

  /** Wraps whatever was thrown, so that every failure that reaches a user has a code, a cause and a next step. */
  static from(thrown: unknown): WinnowError {
    if (thrown instanceof WinnowError) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return new WinnowError('internal', { reason }, { cause: thrown });
  }
}
