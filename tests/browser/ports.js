import { createServer } from "node:net";

// Below the ports that systems assign themselves (Linux from 32768 on), and a thousand for each worker, so that nothing
// else takes the port of a server that is stopped for a while and starts again.
const FIRST = 20_000;
const COUNT = 1000;
const WORKERS = 12;

const worker = Number(process.env.TEST_PARALLEL_INDEX ?? 0) % WORKERS;
/** Test runs beside this one have other processes, and begin elsewhere. */
let next = process.pid;

/** Whether a server can listen on a port. @param {number} port @returns {Promise<boolean>} */
const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** A port of 127.0.0.1 that stays free for a server of this worker while the server is stopped. */
export const reservePort = async () => {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + worker * COUNT + (next++ % COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
};
