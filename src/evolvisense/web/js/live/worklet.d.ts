// What exists inside an AudioWorklet; TypeScript ships no types of it.

declare const sampleRate: number;

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare function registerProcessor(name: string, kind: new () => AudioWorkletProcessor): void;
