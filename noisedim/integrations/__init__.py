"""noisedim in other libraries; each module imports one library, so import only the module that you use."""
