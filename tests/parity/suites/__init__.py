"""The tables of rows; each module has cases(alone), a dict CHECKS of name -> function(tools), or both."""
import case  # chooses Keras's backend before a suite imports keras
