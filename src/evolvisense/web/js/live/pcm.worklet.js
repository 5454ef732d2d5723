// Mono sound as 16-bit samples, little-endian, in pieces of about 50 ms.

const PIECE_S = 0.05;

class Pcm16 extends AudioWorkletProcessor {
  #piece = new Int16Array(Math.round(PIECE_S * sampleRate));
  #filled = 0;

  /**
   * @param {Float32Array[][]} inputs
   * @returns {boolean}
   */
  process([channels]) {
    const [first] = channels ?? [];
    if (!first) return true;
    for (let at = 0; at < first.length; at += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[at];
      const value = Math.max(-1, Math.min(1, sum / channels.length));
      this.#piece[this.#filled] = Math.round(value * 32767);
      this.#filled += 1;
      if (this.#filled === this.#piece.length) this.#post();
    }
    return true;
  }

  #post() {
    const { buffer } = this.#piece;
    this.port.postMessage(buffer, [buffer]);
    this.#piece = new Int16Array(Math.round(PIECE_S * sampleRate));
    this.#filled = 0;
  }
}

registerProcessor("pcm16", Pcm16);
