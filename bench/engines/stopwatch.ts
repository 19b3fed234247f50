/** Adds up what the measured parts of a process take: time, and the processor time of all its threads. */
export class Stopwatch {
  wallMs = 0;
  cpuMicros = 0;

  async measure<T>(part: () => T | Promise<T>): Promise<T> {
    const startMs = performance.now();
    const before = process.cpuUsage();
    try {
      return await part();
    } finally {
      const { user, system } = process.cpuUsage(before);
      this.wallMs += performance.now() - startMs;
      this.cpuMicros += user + system;
    }
  }
}
