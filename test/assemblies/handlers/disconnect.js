exports.handler = async (event) => {
  console.log(JSON.stringify(event));
  throw new Error('nobody hears of this');
};
