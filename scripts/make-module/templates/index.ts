export { $Things$Module } from './$things$.module.js';
