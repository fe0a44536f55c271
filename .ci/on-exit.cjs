module.exports = (callback) => process.once("exit", callback);
