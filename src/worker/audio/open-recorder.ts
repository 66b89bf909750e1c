import type { InputChoice } from '../../shared/contract.js';
import { DemoRecorder } from './demo.js';
import { FedRecorder } from './fed.js';
import { FileRecorder } from './file.js';
import { MicrophoneRecorder } from './microphone.js';
import type { Pace } from './paced.js';
import type { Recorder } from './recorder.js';

/**
 * The recorder of an input choice, not started yet.
 * @param pace of files and demo clips; microphones keep their own
 */
export function openRecorder(choice: InputChoice, pace: Pace = 'real'): Recorder {
  switch (choice.kind) {
    case 'microphone':
      return new MicrophoneRecorder(choice.device);
    case 'window':
      return new FedRecorder();
    case 'file':
      return new FileRecorder(choice.path, pace);
    case 'demo':
      return new DemoRecorder(choice.clip, pace);
  }
}
