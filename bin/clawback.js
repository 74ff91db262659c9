#!/usr/bin/env node
// The door. Old JavaScript, valid as a module and as a script, so that even a Node.js that is far
// too old can read it and say so. Options are not looked at here: that is dist/cli/main.js.
(function () {
  var NEEDED = [24, 16];

  function isNewEnough(version) {
    var parts = version.replace(/^v/, "").split(".");
    var major = Number(parts[0]);
    return major > NEEDED[0] || (major === NEEDED[0] && Number(parts[1]) >= NEEDED[1]);
  }

  function complain(what, hint) {
    process.stderr.write("error: " + what + "\nhint: " + hint + "\n");
    process.exitCode = 1;
  }

  function quote(word) {
    return /^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replace(/'/g, "'\\''") + "'";
  }

  // A script has require(), a module has import(): which one this is depends on Node's age.
  function load(name) {
    return typeof require === "function" ? Promise.resolve(require(name)) : import(name);
  }

  function start() {
    void import("../dist/cli/main.js").then(
      function (cli) {
        return cli.main();
      },
      function (error) {
        var missing =
          error.code === "ERR_MODULE_NOT_FOUND" &&
          /dist[\\/]cli[\\/]main\.js' imp/.test(error.message);
        if (!missing) throw error;
        complain("Clawback is not built: dist/cli/main.js is missing", "npm run build");
      },
    );
  }

  // The Node.js that the package brings along where npm has one for the platform, if it is new enough.
  function ownNode(fs, path, root) {
    var name = ["node", process.platform, process.arch].join("-");
    var home = path.join(root, "node_modules", name);
    var node = path.join(home, "bin", "node");
    var description = path.join(home, "package.json");
    if (!fs.existsSync(node) || !fs.existsSync(description)) return undefined;
    return isNewEnough(JSON.parse(fs.readFileSync(description, "utf8")).version) ? node : undefined;
  }

  function runWith(node, script, spawn) {
    var child = spawn(node, [script].concat(process.argv.slice(2)), { stdio: "inherit" });
    var signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    var forward = function (signal) {
      child.kill(signal);
    };
    signals.forEach(function (signal) {
      process.on(signal, forward);
    });
    child.on("error", function (error) {
      complain("cannot start " + node + ": " + error.message, "install Node.js 24 or newer");
    });
    child.on("exit", function (code, signal) {
      signals.forEach(function (each) {
        process.removeListener(each, forward);
      });
      if (signal) process.kill(process.pid, signal);
      else process.exitCode = code;
    });
  }

  function startElsewhere() {
    void Promise.all([load("fs"), load("path"), load("child_process")]).then(function (modules) {
      var fs = modules[0];
      var path = modules[1];
      var processes = modules[2];
      var script = fs.realpathSync(process.argv[1]);
      var node = ownNode(fs, path, path.dirname(path.dirname(script)));
      if (node) return runWith(node, script, processes.spawn);
      complain(
        "Clawback needs Node.js " + NEEDED.join(".") + " or newer, and this is " + process.version,
        ["npx --yes --package=node@24 -- node", script]
          .concat(process.argv.slice(2))
          .map(function (word, index) {
            return index === 0 ? word : quote(word);
          })
          .join(" "),
      );
    });
  }

  if (isNewEnough(process.version)) start();
  else startElsewhere();
})();
