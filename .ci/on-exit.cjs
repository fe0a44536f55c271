/**
 * What proper-lockfile needs of signal-exit: gives a lock back when the process ends, also by a signal. A signal that
 * the program handles itself is left to it.
 */
module.exports = (callback) => {
  process.once("exit", callback);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    const end = () => {
      if (process.listenerCount(signal) > 1) return;
      callback();
      process.removeListener(signal, end);
      process.kill(process.pid, signal);
    };
    process.on(signal, end);
  }
};
