// A program of Node that must be there once: it looks at something every second, and serves a page.
//
//     RUN="node examples/bot.js"

const http = require("node:http");

let looks = 0;
const timer = setInterval(() => console.log(`look ${++looks}, term ${process.env.TWIN_TERM}`), 1000);
const server = http.createServer((_, answer) => answer.end(`${looks} looks\n`));
server.listen(process.env.PORT, () => console.log(`serving on ${process.env.PORT}`));

process.on("SIGTERM", () => {
  console.log("leaving");
  clearInterval(timer);
  server.close();
});
